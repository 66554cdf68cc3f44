import { describe, expect, test } from "bun:test";
import { AttributeBlock } from "../attribute-block.ts";
import { Collector } from "../fixtures/collector.ts";
import { section, TracingFixture } from "../fixtures/tracing-fixture.ts";
import type { Span } from "../types.ts";

const NO_CARRIER = { header: () => null, query: () => null };

/** What the collector gets of a span that `fill` was told about. */
async function exported(fill: (span: Span) => void, env: Record<string, string> = {}) {
  await using collector = await Collector.start();
  await using fixture = new TracingFixture(env);
  await fixture.tracing.configure(section({ exporter_endpoint: `http://127.0.0.1:${collector.port}` }));
  const span = fixture.tracing.startServer("s", NO_CARRIER);
  fill(span);
  span.end();
  await fixture.tracing.stop(2_000);
  const [received] = collector.spans;
  if (received === undefined) throw new Error("no span arrived");
  return { attributes: received.attributes, stats: fixture.tracing.stats() };
}

describe("a block", () => {
  const attributes = { text: "grün", empty: "", number: 4096, fraction: 0.5, flag: false };

  test("gives a span the same attributes as setting them one by one, for every span that takes it", async () => {
    const block = new AttributeBlock(attributes);
    const other = new AttributeBlock({ other: "x".repeat(300) });
    for (let spans = 0; spans < 2; spans++) {
      const got = await exported((span) => {
        span.add(block);
        span.set("own", 1);
        span.add(other);
      });
      expect(got.attributes).toEqual({ ...attributes, own: 1, other: "x".repeat(300) });
    }
  });

  test("keeps to the limits like single attributes", async () => {
    const block = new AttributeBlock({ a: "abcdef", b: "x", c: "y" });
    const cut = await exported((span) => span.add(block), { OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: "3" });
    expect(cut.attributes).toEqual({ a: "abc", b: "x", c: "y" });
    expect(cut.stats.limitsHit).toEqual({ valueLength: 1 });
    const fewer = await exported(
      (span) => {
        span.set("own", 1);
        span.add(block);
        span.set("late", 2);
      },
      { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "3" },
    );
    expect(fewer.attributes).toEqual({ own: 1, a: "abcdef", b: "x" });
    expect(fewer.stats.limitsHit).toEqual({ attributes: 2 });
  });

  test("counts when attributes are set after it", async () => {
    const block = new AttributeBlock({ a: 1, b: 2 });
    const got = await exported(
      (span) => {
        span.add(block);
        span.set("c", 3);
        span.set("d", 4);
      },
      { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "3" },
    );
    expect(got.attributes).toEqual({ a: 1, b: 2, c: 3 });
  });

  test("is left out of a span that has ended", async () => {
    const got = await exported((span) => {
      span.end();
      span.add(new AttributeBlock({ late: true }));
    });
    expect(got.attributes).toEqual({});
  });
});
