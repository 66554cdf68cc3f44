/** What somebody does with the trace pages: find the slow one, see why, come back, send it on. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestAistrace } from "@ais/aistrace/aistrace.fixture.ts";
import { getTrace, largeTrace } from "@ais/aistrace/demo.fixture.ts";
import { spanId, type TestSpan, traceId } from "@ais/aistrace/spans.fixture.ts";
import { isMissing, STRANGE_HOST, TracePages } from "./trace-pages.fixture.ts";

const NOW = Date.now();
const SLOW = 900;
const REFUSED = 901;
const FAILED = 902;
const LISTED = 903;
const EVENTFUL = 904;
const PHONE = { viewport: { width: 390, height: 844 } };

let pages: TracePages;

beforeAll(async () => {
  if (isMissing) return;
  pages = await TracePages.start();
  for (let n = 1; n <= 60; n++) await pages.aistrace.send(getTrace(n * 9, NOW - 60_000 - n * 1000));
  await pages.aistrace.send([
    one(SLOW, { startMs: NOW - 600_000, durationMs: 70_000, service: "batch", name: "nightly copy" }),
    one(REFUSED, {
      startMs: NOW - 30_000,
      service: "gateway",
      name: "GET",
      kind: 1,
      attributes: {
        "http.response.status_code": 404,
        "ais.object": "a \u202egpj.exe",
        "ais.bytes": 3_145_728,
      },
    }),
    one(FAILED, { startMs: NOW - 20_000, durationMs: 50, service: "gateway", name: "PUT" }),
    below(FAILED, 1, {
      startMs: NOW - 19_990,
      name: "first try",
      error: true,
      statusMessage: "disk <b>full</b>",
    }),
    below(FAILED, 2, { startMs: NOW - 19_970, name: "second try", durationMs: 20, error: true }),
  ]);
}, 60_000);

afterAll(async () => {
  if (!isMissing) await pages[Symbol.asyncDispose]();
});

function one(n: number, span: Omit<TestSpan, "traceId" | "spanId">): TestSpan {
  return { traceId: traceId(n), spanId: spanId(n * 1000), service: "gateway", ...span };
}

function below(n: number, child: number, span: Omit<TestSpan, "traceId" | "spanId">): TestSpan {
  return { ...one(n, span), spanId: spanId(n * 1000 + child), parentSpanId: spanId(n * 1000) };
}

const browserTest = test.skipIf(isMissing);

browserTest("the longest trace of all is found, however many came later", async () => {
  await pages.open("/search", async (page) => {
    await page.getByText("the latest; there may be more").waitFor();
    expect(await page.locator(".trace").count()).toBe(20);
    expect(await page.locator(".trace", { hasText: "nightly copy" }).count()).toBe(0);

    await page.getByLabel("order").selectOption("longest");
    await page.getByText("the longest; there may be more").waitFor();
    expect(await page.locator(".trace").first().textContent()).toContain("nightly copy");
    expect(new URL(page.url()).searchParams.get("order")).toBe("longest");

    await page.getByRole("link", { name: "Find up to 50" }).click();
    await page.locator("h1", { hasText: "50 traces" }).waitFor();
    await page.getByRole("link", { name: "Find up to 100" }).click();
    await page.locator("h1", { hasText: "63 traces" }).waitFor();
    expect(await page.getByText("there may be more").count()).toBe(0);
    expect(await page.getByLabel("order").inputValue()).toBe("longest");
  });
});

browserTest("a request that was refused is seen to be, in the list and in its row", async () => {
  await pages.open("/search?service=gateway", async (page) => {
    const row = page.locator(".trace", { hasText: "HTTP 404" });
    await row.locator("a").click();
    await page.locator(".row .badge.warn", { hasText: "404" }).waitFor();
    await page.locator(".row").click();
    await page.locator(".span-panel").getByText("3.00 MiB").waitFor();
    // A name that turns the direction of its text around is shown to do so.
    await page.locator(".span-panel td", { hasText: "a \\u202egpj.exe" }).waitFor();
  });
});

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
  await pages.aistrace.send([one(LISTED, { startMs: NOW - 18_000, durationMs: 9 }), target(1), target(2)]);
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
    one(EVENTFUL, {
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

browserTest("an attribute leads to the traces that have it", async () => {
  await pages.open(`/trace/${traceId(REFUSED)}?span=${spanId(REFUSED * 1000)}`, async (page) => {
    await page.getByRole("link", { name: "find traces with this http.response.status_code" }).click();
    await page.locator("h1", { hasText: "1 trace" }).waitFor();
    expect(await page.getByLabel("Tags").inputValue()).toBe("http.response.status_code=404");
    await page.locator(`a[href="/trace/${traceId(REFUSED)}"]`).waitFor();
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
        await page.locator("button.id").first().click();
        await page.getByLabel("trace id", { exact: true }).focus();
        await page.keyboard.press("Control+V");
        expect(await page.getByLabel("trace id", { exact: true }).inputValue()).toBe(traceId(REFUSED));
      },
      { permissions: ["clipboard-read", "clipboard-write"] },
    );
  }
});

browserTest("going back finds the search as it was left", async () => {
  await pages.open("/search?limit=50&order=errors", async (page) => {
    const link = page.locator(".trace a").nth(30);
    for (const back of ["button", "browser"]) {
      await link.scrollIntoViewIfNeeded();
      const top = await page.locator("main").evaluate((main) => main.scrollTop);
      expect(top).toBeGreaterThan(500);
      const href = await link.getAttribute("href");
      await link.click();
      await page.locator(".row").first().click();
      if (back === "button") await page.getByRole("link", { name: "Search results" }).click();
      else await page.goBack();
      await link.waitFor();
      await page.locator(".results[aria-busy=false]").waitFor();
      expect(await page.locator("main").evaluate((main) => main.scrollTop)).toBe(top);
      expect(await page.evaluate("document.activeElement.getAttribute('href')")).toBe(href);
      expect(new URL(page.url()).searchParams.get("order")).toBe("errors");
    }
  });
});

browserTest("a search keeps the keyboard where it was, and the same one again is no step", async () => {
  await pages.open("/search", async (page) => {
    await page.locator("option", { hasText: "nightly copy" }).waitFor({ state: "attached" });
    await page.getByLabel("Operation").selectOption("nightly copy");
    await page.getByLabel("Min duration").fill("1s");
    const steps = await page.evaluate("history.length");
    for (let i = 0; i < 3; i++) {
      await page.getByLabel("Min duration").press("Enter");
      await page.locator("h1", { hasText: "1 trace" }).waitFor();
    }
    expect(await page.evaluate("document.activeElement.name")).toBe("minDuration");
    expect(await page.evaluate("history.length")).toBe(Number(steps) + 1);
  });
});

browserTest("bad input is said where it is, and the form stays", async () => {
  await pages.openFailing("/search?lookback=custom&start=abc", async (page) => {
    await page.getByText("unable to parse param 'start'").waitFor();
    await page.getByLabel("From").fill("2026-01-02T00:00:00");
    await page.getByLabel("To", { exact: true }).fill("2026-01-01T00:00:00");
    await page.getByRole("button", { name: "Find traces" }).click();
    await page.getByText("From is later than To").waitFor();

    const lookup = page.getByLabel("trace id", { exact: true });
    await lookup.fill("no id");
    await lookup.press("Enter");
    expect(await page.evaluate("document.activeElement.validationMessage")).toContain("no trace id");
    await lookup.fill(`traceparent: 00-${traceId(FAILED)}-${spanId(1)}-01`);
    await lookup.press("Enter");
    await page.locator(".row", { hasText: "second try" }).waitFor();
  });
});

browserTest("a server that is away is said to be, and the page goes on when it is back", async () => {
  const first = await TestAistrace.start();
  const { query } = first.ports;
  await first.send([one(1, { startMs: NOW })]);
  await pages.openFailing(`http://127.0.0.1:${query}/search`, async (page) => {
    await page.locator(".trace").waitFor();
    await first[Symbol.asyncDispose]();
    await page.getByRole("button", { name: "Find traces" }).click();
    await page.getByText(`aistrace at 127.0.0.1:${query} does not answer`).waitFor();
    await using again = await TestAistrace.start({ queryPort: query });
    await again.send([one(2, { startMs: NOW })]);
    await page.locator(`a[href="/trace/${traceId(2)}"]`).waitFor();
  });
});

browserTest(
  "a trace that is still to come is shown when it comes, and a span that is not there is said",
  async () => {
    await pages.openFailing(`/trace/${traceId(950)}?span=${spanId(7)}`, async (page) => {
      await page.getByText("No such trace").waitFor();
      await pages.aistrace.send([one(950, { startMs: NOW })]);
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

browserTest("a phone shows what was found first, and a span without scrolling sideways", async () => {
  await pages.aistrace.send(largeTrace(960, NOW - 5000, 200));
  const widths = "[document.documentElement.scrollWidth, document.querySelector('main').scrollWidth]";
  for (const path of ["/search", `/trace/${traceId(FAILED)}`, `/trace/${traceId(960)}`, "/dependencies"]) {
    await pages.open(
      path,
      async (page) => {
        await page.locator(".trace, .row, .graph").first().waitFor();
        expect([path, await page.evaluate(widths)]).toEqual([path, [390, 390]]);
      },
      PHONE,
    );
  }
  await pages.open(
    "/search",
    async (page) => {
      await page.locator(".trace").first().waitFor();
      expect(await page.getByLabel("Tags").isVisible()).toBe(false);
      await page.getByText("Search for…").click();
      await page.getByLabel("Service").selectOption("gateway");
      await page.getByRole("button", { name: "Find traces" }).click();
      await page.locator(".trace", { hasText: "PUT" }).locator("a").click();
      await page.locator(".row", { hasText: "second try" }).click();
      await page.waitForFunction(
        "document.querySelector('.span-panel h2').getBoundingClientRect().bottom < innerHeight",
      );
      expect(
        await page.locator(".row.selected").evaluate((row) => row.getBoundingClientRect().top),
      ).toBeGreaterThanOrEqual(0);
    },
    PHONE,
  );
});
