/** Reading one trace: where it failed, when, on which node, and taking that along. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { getTrace } from "@ais/aistrace/demo.fixture.ts";
import { spanId, type TestSpan, traceId } from "@ais/aistrace/spans.fixture.ts";
import { isMissing, STRANGE_HOST, TracePages } from "./trace-pages.fixture.ts";
import { below, FAILED, failures, NOW, REFUSED, top } from "./trace-pages-data.fixture.ts";

const LISTED = 903;
const EVENTFUL = 904;

let pages: TracePages;

beforeAll(async () => {
  if (isMissing) return;
  pages = await TracePages.start();
  await pages.aistrace.send([...failures(), ...getTrace(9, NOW - 60_000)]);
}, 60_000);

afterAll(async () => {
  if (!isMissing) await pages[Symbol.asyncDispose]();
});

const browserTest = test.skipIf(isMissing);

browserTest("errors are gone through one by one, and say why", async () => {
  await pages.open(`/trace/${traceId(FAILED)}`, async (page) => {
    const panel = page.locator(".span-panel");
    await page.getByRole("button", { name: "2 ↓" }).click();
    await panel.getByRole("heading", { name: "first try" }).waitFor();
    await panel.locator(".reason", { hasText: "disk <b>full</b>" }).waitFor();
    await page.keyboard.press("e");
    await panel.getByRole("heading", { name: "second try" }).waitFor();
    await page.keyboard.press("e");
    await panel.getByRole("heading", { name: "first try" }).waitFor();
  });
});

browserTest("of several nodes of one service each row says which it was", async () => {
  const target = (n: number): TestSpan => ({
    ...below(LISTED, n, { startMs: NOW - 18_000 + n, service: "target", name: "list" }),
    resource: { "service.instance.id": `t${n}` },
  });
  await pages.aistrace.send([top(LISTED, { startMs: NOW - 18_000, durationMs: 9 }), target(1), target(2)]);
  await pages.open(`/trace/${traceId(LISTED)}`, async (page) => {
    await page.locator(".row").first().waitFor();
    expect(await page.locator(".row .instance").allTextContents()).toEqual(["t1", "t2"]);
    await page.locator(".row", { hasText: "t2" }).click();
    await page.locator(".span-panel .fact", { hasText: "Node" }).getByText("t2").waitFor();
  });
  await pages.open(`/trace/${traceId(9)}`, async (page) => {
    await page.locator(".row").first().waitFor();
    expect(await page.locator(".row .instance").count()).toBe(0);
  });
});

browserTest("a span is zoomed to by its button and by a key", async () => {
  await pages.open(`/trace/${traceId(FAILED)}?span=${spanId(FAILED * 1000 + 2)}`, async (page) => {
    const bar = page.locator(".row.selected .bar");
    const width = (): Promise<number> => bar.evaluate((element) => Number.parseFloat(element.style.width));
    expect(await width()).toBeCloseTo(40, 0);
    // A twentieth more is shown on both sides, but nothing after the end of the trace.
    await page.getByRole("button", { name: "zoom to this span" }).click();
    expect(await width()).toBeCloseTo((20 / 21) * 100, 0);
    await page.locator(".scroller").focus();
    await page.keyboard.press("0");
    expect(await width()).toBeCloseTo(40, 0);
    await page.keyboard.press("z");
    expect(await width()).toBeCloseTo((20 / 21) * 100, 0);
  });
});

browserTest("events are marked where they happened, and the keys are told", async () => {
  await pages.aistrace.send([
    top(EVENTFUL, {
      startMs: NOW,
      durationMs: 100,
      events: [
        { name: "retry", timeMs: NOW + 25 },
        { name: "exception", timeMs: NOW + 75 },
      ],
    }),
  ]);
  await pages.open(`/trace/${traceId(EVENTFUL)}`, async (page) => {
    const marks = page.locator(".row .event-mark");
    await marks.first().waitFor();
    expect(await marks.evaluateAll((all) => all.map((mark) => [mark.title, mark.style.left]))).toEqual([
      ["retry +25.0 ms", "25%"],
      ["exception +75.0 ms", "75%"],
    ]);
    expect(await page.locator(".event-mark.bad").count()).toBe(1);
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("to the next span that failed").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    expect(await page.getByRole("dialog").count()).toBe(0);
    await page.getByRole("button", { name: "keys" }).click();
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").count()).toBe(0);
  });
});

browserTest("ids and values are copied, also where the browser has no clipboard for the page", async () => {
  const path = `/trace/${traceId(REFUSED)}?span=${spanId(REFUSED * 1000)}`;
  for (const host of ["127.0.0.1", STRANGE_HOST]) {
    await pages.open(
      `http://${host}:${pages.aistrace.ports.query}${path}`,
      async (page) => {
        expect(await page.evaluate("isSecureContext")).toBe(host === "127.0.0.1");
        await page.getByRole("button", { name: "copy the value of http.response.status_code" }).click();
        await page.locator(".said", { hasText: /^ copied$/ }).waitFor();
        await page.getByLabel("find in trace").focus();
        await page.keyboard.press("Control+V");
        expect(await page.getByLabel("find in trace").inputValue()).toBe("404");
        const id = page.locator("button.id").first();
        await id.click();
        await id.locator(".said", { hasText: /^ copied$/ }).waitFor();
        await page.getByLabel("trace id", { exact: true }).focus();
        await page.keyboard.press("Control+V");
        expect(await page.getByLabel("trace id", { exact: true }).inputValue()).toBe(traceId(REFUSED));
      },
      { permissions: ["clipboard-read", "clipboard-write"] },
    );
  }
});

browserTest(
  "a trace that is still to come is shown when it comes, and a span that is not there is said",
  async () => {
    await pages.openFailing(`/trace/${traceId(950)}?span=${spanId(7)}`, async (page) => {
      await page.getByText("No such trace").waitFor();
      await pages.aistrace.send([top(950, { startMs: NOW })]);
      await page.locator(".row").waitFor();
      await page.getByText(`Span ${spanId(7)} is not stored`).waitFor();
      expect(new URL(page.url()).searchParams.get("span")).toBe(spanId(7));
    });
  },
);

browserTest(
  "statistics have an address, say what the end waited for, and lead to the longest span",
  async () => {
    await pages.open(`/trace/${traceId(FAILED)}?tab=statistics`, async (page) => {
      await page.getByRole("button", { name: "Critical path" }).click();
      const row = page.getByRole("row", { name: /PUT/ });
      expect(await row.locator("td").allTextContents()).toEqual([
        "1",
        "0",
        "50.0 ms",
        "50.0 ms",
        "50.0 ms",
        "29.0 ms",
        "29.0 ms",
      ]);
      await page.getByRole("tab", { name: "Statistics" }).press("ArrowLeft");
      expect(new URL(page.url()).searchParams.has("tab")).toBe(false);
      await page.getByRole("tab", { name: "Waterfall" }).press("ArrowRight");
      await page.getByRole("button", { name: "second try" }).click();
      await page.locator(".row.selected", { hasText: "second try" }).waitFor();
      expect(await page.getByRole("tab", { selected: true }).textContent()).toBe("Waterfall");
    });
  },
);
