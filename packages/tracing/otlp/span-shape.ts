import type { AttributeBlock } from "../attribute-block.ts";
import type { SpanKind } from "../types.ts";
import { encodeTemplate } from "./encode.ts";

/** Shapes that one may become by one more block; beyond that the oldest is made anew. */
const NEXT_MAX = 8;
/** Names are a short list, but the method in some is the caller's. */
const NAMES_MAX = 256;

/**
 * What a span has in common with many others: its name, its kind and its blocks of attributes. They are encoded once,
 * with room for what differs, so that most of a span is one copy: setting its parts one by one costs several times that.
 */
export class SpanShape {
  readonly name: string;
  readonly kind: SpanKind;
  readonly blocks: readonly AttributeBlock[];
  /** Attributes of the blocks, and characters of their keys and values. */
  readonly count: number;
  readonly chars: number;
  readonly #next: SpanShape[] = [];
  #turn = 0;
  #template: Uint8Array | null = null;

  constructor(name: string, kind: SpanKind, blocks: readonly AttributeBlock[] = []) {
    this.name = name;
    this.kind = kind;
    this.blocks = blocks;
    let count = 0;
    let chars = 0;
    for (const block of blocks) {
      count += block.count;
      chars += block.chars;
    }
    this.count = count;
    this.chars = chars;
  }

  /** Bytes as `encodeTemplate` makes them. */
  get template(): Uint8Array {
    this.#template ??= encodeTemplate(this);
    return this.#template;
  }

  with(block: AttributeBlock): SpanShape {
    const next = this.#next;
    for (let i = 0; i < next.length; i++) {
      const one = next[i] as SpanShape;
      if (one.blocks[one.blocks.length - 1] === block) return one;
    }
    const made = new SpanShape(this.name, this.kind, [...this.blocks, block]);
    next[this.#turn] = made;
    this.#turn = (this.#turn + 1) % NEXT_MAX;
    return made;
  }
}

/** The shapes that spans begin with, by kind and name. */
export class SpanShapes {
  readonly #byKind: readonly Map<string, SpanShape>[] = Array.from({ length: 4 }, () => new Map());

  of(name: string, kind: SpanKind): SpanShape {
    const byName = this.#byKind[kind] as Map<string, SpanShape>;
    let shape = byName.get(name);
    if (shape === undefined) {
      shape = new SpanShape(name, kind);
      if (byName.size < NAMES_MAX) byName.set(name, shape);
    }
    return shape;
  }
}
