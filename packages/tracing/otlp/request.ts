/** The parts of an `ExportTraceServiceRequest` around encoded spans. */
import type { Attributes } from "../types.ts";
import { ByteWriter } from "./byte-writer.ts";
import { encodeAttributes } from "./encode.ts";

/** Bytes of a `Resource` message. */
export function encodeResource(attributes: Attributes): Uint8Array<ArrayBuffer> {
  const w = new ByteWriter();
  encodeAttributes(w, 0x0a, attributes);
  return w.copy();
}

/** Bytes of an `InstrumentationScope` message. */
export function encodeScope(name: string, version: string): Uint8Array<ArrayBuffer> {
  const w = new ByteWriter();
  w.reserve((name.length + version.length) * 3 + 16);
  w.byte(0x0a);
  w.string(name);
  w.byte(0x12);
  w.string(version);
  return w.copy();
}

/**
 * A request of one resource, one scope and `spans`, the items that `encodeSpan` appended, as two pieces: the spans are most of
 * it and come last, so that they need not be copied.
 */
export function requestParts(
  resource: Uint8Array,
  scope: Uint8Array,
  spans: Uint8Array,
): readonly [head: Uint8Array, spans: Uint8Array] {
  const scopeBytes = fieldBytes(scope.length);
  const scopeSpansBytes = scopeBytes + spans.length;
  const resourceBytes = fieldBytes(resource.length);
  const resourceSpansBytes = resourceBytes + fieldBytes(scopeSpansBytes);
  const head = new Uint8Array(fieldBytes(resourceSpansBytes) - spans.length);
  let at = writeHead(head, 0, 0x0a, resourceSpansBytes);
  at = writeHead(head, at, 0x0a, resource.length);
  head.set(resource, at);
  at = writeHead(head, at + resource.length, 0x12, scopeSpansBytes);
  at = writeHead(head, at, 0x0a, scope.length);
  head.set(scope, at);
  return [head, spans];
}

/** The same in one piece. */
export function composeRequest(resource: Uint8Array, scope: Uint8Array, spans: Uint8Array): Uint8Array {
  return Buffer.concat(requestParts(resource, scope, spans));
}

/** Size of a length-delimited field whose tag takes one byte. */
function fieldBytes(length: number): number {
  let varintBytes = 1;
  for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) varintBytes++;
  return 1 + varintBytes + length;
}

function writeHead(out: Uint8Array, at: number, tag: number, length: number): number {
  let next = at;
  out[next++] = tag;
  let rest = length;
  while (rest > 127) {
    out[next++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  out[next++] = rest;
  return next;
}
