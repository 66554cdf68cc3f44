import { expect, test } from "bun:test";
import type { SpanContext } from "@ais/tracing/types.ts";
import { RecordingSpan } from "../testing/recording-span.ts";
import { bodyOf, FILE_BYTES, keyOf, PUT, temporaryStore } from "../testing/store-fixture.ts";

test("removing files that were replaced is one job, linked to the requests that replaced them", async () => {
  const roots: { readonly span: RecordingSpan; readonly links: readonly SpanContext[] }[] = [];
  const startRoot = (name: string, links: readonly SpanContext[] = []): RecordingSpan => {
    const span = new RecordingSpan(name);
    roots.push({ span, links });
    return span;
  };
  const removals = () => roots.filter(({ span }) => span.name === "ais.job file-removal");
  const opened = await temporaryStore({ tracing: { startRoot } });
  const request = new RecordingSpan("PUT");
  for (const seed of [1, 2, 3]) await opened.store.put(keyOf("a"), bodyOf(FILE_BYTES, seed), PUT, request);
  expect(removals()).toEqual([]);
  // What waits for its grace period is removed when the store closes.
  await opened[Symbol.asyncDispose]();
  const [removal] = removals();
  expect(removals()).toHaveLength(1);
  expect(removal?.links).toEqual([request.context, request.context]);
  expect(removal?.span.attributes).toMatchObject({ "ais.files.removed": 2, "ais.failures": 0 });
  expect([removal?.span.failure, removal?.span.endCount]).toEqual([null, 1]);
  const [recovery] = roots;
  expect(recovery?.span.name).toBe("ais.job recovery");
  expect(recovery?.span.named("ais.job.mountpath").attributes).toMatchObject({ "ais.files": 0 });
});
