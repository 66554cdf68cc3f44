/** Finding a trace, coming back to what was found, and what happens when that does not work. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestAistrace } from "@ais/aistrace/aistrace.fixture.ts";
import { largeTrace } from "@ais/aistrace/demo.fixture.ts";
import { spanId, traceId } from "@ais/aistrace/spans.fixture.ts";
import { freePort } from "@ais/testkit/daemon.ts";
import { isMissing, TracePages } from "./trace-pages.fixture.ts";
import { FAILED, failures, NOW, REFUSED, slowAmongMany, top } from "./trace-pages-data.fixture.ts";

const PHONE = { viewport: { width: 390, height: 844 } };

let pages: TracePages;

beforeAll(async () => {
  if (isMissing) return;
  pages = await TracePages.start();
  await pages.aistrace.send([...failures(), ...slowAmongMany()]);
}, 60_000);

afterAll(async () => {
  if (!isMissing) await pages[Symbol.asyncDispose]();
});

const browserTest = test.skipIf(isMissing);

browserTest("the longest trace of all is found, however many came later", async () => {
  await pages.open("/search", async (page) => {
    await page.getByText("the latest; there may be more").waitFor();
    expect(await page.locator(".trace").count()).toBe(20);
    expect(await page.locator(".trace", { hasText: "nightly copy" }).count()).toBe(0);

    await page.getByLabel("order").focus();
    await page.getByLabel("order").selectOption("longest");
    await page.getByText("the longest; there may be more").waitFor();
    await page.waitForFunction("document.activeElement.name === 'order'");
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

browserTest("an attribute leads to the traces that have it", async () => {
  await pages.open(`/trace/${traceId(REFUSED)}?span=${spanId(REFUSED * 1000)}`, async (page) => {
    await page.getByRole("link", { name: "find traces with this http.response.status_code" }).click();
    await page.locator("h1", { hasText: "1 trace" }).waitFor();
    expect(await page.getByLabel("Tags").inputValue()).toBe("http.response.status_code=404");
    await page.locator(`a[href="/trace/${traceId(REFUSED)}"]`).waitFor();
  });
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

browserTest("requests are found by the class of their status", async () => {
  await pages.open("/search", async (page) => {
    await page.getByLabel("HTTP status").selectOption("4xx");
    await page.getByRole("button", { name: "Find traces" }).click();
    await page.locator("h1", { hasText: /^1 trace$/ }).waitFor();
    await page.locator(`a[href="/trace/${traceId(REFUSED)}"]`).waitFor();
    expect(new URL(page.url()).searchParams.get("tags")).toBe('{"http.response.status_code":"4xx"}');
    await page.reload();
    await page.locator(".trace").waitFor();
    expect(await page.getByLabel("HTTP status").inputValue()).toBe("4xx");
    expect(await page.getByLabel("Tags").inputValue()).toBe("");
    await page.getByLabel("Tags").fill("http.response.status_code=404");
    await page.getByLabel("Tags").press("Enter");
    await page.getByText("The HTTP status is asked for twice").waitFor();
  });
});

browserTest("where nothing was found, looking back further is offered", async () => {
  await pages.open("/search?operation=nightly+copy&lookback=5m", async (page) => {
    await page.getByRole("heading", { name: "No traces found" }).waitFor();
    await page.getByRole("link", { name: "Last 2 days" }).click();
    await page.locator(".trace", { hasText: "nightly copy" }).waitFor();
    expect(await page.getByLabel("Time").inputValue()).toBe("2d");
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
  // Nobody else gets it while the server is away.
  const query = await freePort();
  const first = await TestAistrace.start({ queryPort: query });
  await first.send([top(1, { startMs: NOW })]);
  await pages.openFailing(`http://127.0.0.1:${query}/search`, async (page) => {
    await page.locator(".trace").waitFor();
    await first[Symbol.asyncDispose]();
    await page.getByRole("button", { name: "Find traces" }).click();
    await page.getByText(`aistrace at 127.0.0.1:${query} does not answer`).waitFor();
    await using again = await TestAistrace.start({ queryPort: query });
    await again.send([top(2, { startMs: NOW })]);
    await page.locator(`a[href="/trace/${traceId(2)}"]`).waitFor();
  });
});

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
