import type { AttributeBlock } from "@ais/tracing/attribute-block.ts";
import type { Attributes, AttributeValue, Span, SpanFacts } from "@ais/tracing/types.ts";

/** A span that keeps what it is told, and its children in the order of their start. */
export class RecordingSpan implements Span {
  readonly context = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };
  readonly recording = true;
  readonly sampled = true;
  readonly stage = "";
  readonly name: string;
  readonly attributes: Record<string, AttributeValue> = {};
  readonly children: RecordingSpan[] = [];
  failure: string | null = null;
  endCount = 0;

  constructor(name = "root") {
    this.name = name;
  }

  set(name: string, value: AttributeValue): void {
    this.attributes[name] = value;
  }

  add({ attributes }: AttributeBlock): void {
    for (const key in attributes) {
      const value = attributes[key];
      if (value !== undefined) this.attributes[key] = value;
    }
  }

  describe(facts: SpanFacts): void {
    facts.describe(this, facts.values);
  }

  event(_name: string, _attributes?: Attributes): void {}

  link(): void {}

  fail(errorType: string): void {
    this.failure = errorType;
  }

  exception(): void {}

  child(name: string): RecordingSpan {
    const child = new RecordingSpan(name);
    this.children.push(child);
    return child;
  }

  end(): void {
    this.endCount += 1;
  }

  named(name: string): RecordingSpan {
    const found = this.children.find((child) => child.name === name);
    if (found === undefined) throw new Error(`no span ${name} among ${this.children.map((c) => c.name)}`);
    return found;
  }
}
