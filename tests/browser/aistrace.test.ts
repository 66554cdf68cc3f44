/** The trace pages in a real browser. Needs chromium: `CHROMIUM` names it, else /usr/bin/chromium. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { getTrace, largeTrace, putTrace } from "@ais/aistrace/demo.fixture.ts";
import { spanId, traceId } from "@ais/aistrace/spans.fixture.ts";
import type { Page } from "playwright-core";
import { isMissing, TracePages } from "./trace-pages.fixture.ts";

const LARGE_SPANS = 50_000;
/** Generous: what is tested is that the time does not grow with the spans. */
const QUICK_MS = 3000;

let pages: TracePages;

beforeAll(async () => {
  if (!isMissing) pages = await TracePages.start();
});

afterAll(async () => {
  if (!isMissing) await pages[Symbol.asyncDispose]();
});

function withPage(path: string, run: (page: Page) => Promise<void>): Promise<void> {
  return pages.open(path, run);
}

test.skipIf(isMissing)(
  "an empty store says how to send the first trace, and goes on when it comes",
  async () => {
    await withPage("/", async (page) => {
      await page.getByText("Waiting for the first trace").waitFor();
      expect(await page.locator("pre").first().textContent()).toContain(
        `:${pages.aistrace.ports.otlpGrpc}" make deploy`,
      );
      await pages.aistrace.send(getTrace(1, Date.now() - 5000));
      await page.locator(".trace").waitFor();
      expect(await page.locator(".trace").textContent()).toContain("GET /v1/objects/{bucket}/{object}");
    });
  },
);

test.skipIf(isMissing)(
  "a search by service, operation, tag and error finds traces, and its address says it all",
  async () => {
    for (let n = 2; n <= 12; n++) await pages.aistrace.send(getTrace(n, Date.now() - n * 10_000));
    await pages.aistrace.send(putTrace(13, Date.now() - 3000));
    await withPage("/search", async (page) => {
      const rows = page.locator(".trace");
      await page.locator("h1", { hasText: "13 traces" }).waitFor();

      await page.getByLabel("Service").selectOption("trainer");
      await page.getByRole("button", { name: "Find traces" }).click();
      await page.locator("h1", { hasText: "1 trace" }).waitFor();
      expect(await rows.textContent()).toContain("save checkpoint");

      await page.getByLabel("Service").selectOption("aistore-target");
      await page.locator("option", { hasText: "ais.file.read" }).waitFor({ state: "attached" });
      await page.getByLabel("Operation").selectOption("ais.file.read");
      await page.getByLabel("Errors only").check();
      await page.getByRole("button", { name: "Find traces" }).click();
      await page.locator("h1", { hasText: "1 trace" }).waitFor();
      await page.locator(".badge.bad", { hasText: "2 errors" }).waitFor();

      await page.getByLabel("Operation").selectOption("");
      await page.getByLabel("Errors only").uncheck();
      await page.getByLabel("Tags").fill("ais.object=images/7.jpg");
      await page.getByLabel("Tags").press("Enter");
      await page.locator(`a[href="/trace/${traceId(7)}"]`).waitFor();
      expect(await rows.locator(".trace-object").textContent()).toBe("ais://nnn/images/7.jpg");
      expect(await rows.count()).toBe(1);

      await page.reload();
      await rows.waitFor();
      expect(await page.getByLabel("Tags").inputValue()).toBe("ais.object=images/7.jpg");
      await page.goBack();
      await page.locator(".badge.bad", { hasText: "2 errors" }).waitFor();
    });
  },
);

test.skipIf(isMissing)("a wrong tag and a refused parameter are said on the page", async () => {
  await withPage("/search", async (page) => {
    await page.getByLabel("Tags").fill("no equals sign");
    await page.getByRole("button", { name: "Find traces" }).click();
    await page.getByText("Tags are written key=value").waitFor();
  });
  await pages.openFailing("/search?minDuration=soon", async (page) => {
    await page.getByText("unable to parse param 'minDuration'").waitFor();
  });
});

test.skipIf(isMissing)("a click and the keyboard open spans, close subtrees and find text", async () => {
  await withPage("/search?service=trainer", async (page) => {
    await page.locator(".trace a").click();
    await page.locator(".row").first().waitFor();
    expect(await page.locator(".row").count()).toBe(9);

    await page.locator(".row", { hasText: "ais.file.write" }).click();
    const panel = page.locator(".span-panel");
    await panel.getByRole("row", { name: "ais.bytes" }).waitFor();
    expect(new URL(page.url()).searchParams.get("span")).toMatch(/^[0-9a-f]{16}$/);
    await panel.getByText("Resource").click();
    await panel.getByText("node-1").waitFor();

    await page.locator(".scroller").focus();
    await page.keyboard.press("Escape");
    expect(await panel.isHidden()).toBe(true);
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowLeft");
    expect(await page.locator(".row").count()).toBe(1);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await panel.getByRole("heading", { name: "serialize" }).waitFor();

    await page.keyboard.press("/");
    await page.keyboard.type("s3.example.com");
    await page.getByText("1 found").waitFor();
    await page.keyboard.press("Enter");
    await panel.getByRole("heading", { name: "PUT" }).waitFor();
    expect(await page.locator(".row.marked").count()).toBe(1);

    await page.getByRole("tab", { name: "Statistics" }).click();
    expect(await page.locator(".statistics tbody tr").count()).toBe(9);
    await page.getByRole("link", { name: "Search results" }).click();
    await page.locator(".trace").waitFor();
    expect(page.url()).toContain("service=trainer");
  });
});

test.skipIf(isMissing)("a link opens one span of a trace, and the trace can be saved", async () => {
  await withPage(`/trace/${traceId(4)}?span=${spanId(4_000_004)}`, async (page) => {
    await page.locator(".span-panel .reason", { hasText: "input/output error, read" }).waitFor();
    expect(await page.locator(".row.selected").textContent()).toContain("ais.file.read");
    const saving = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download JSON" }).click();
    const saved = await Bun.file(await (await saving).path()).json();
    expect(saved.data[0].traceID).toBe(traceId(4));
    expect(saved.data[0].spans).toHaveLength(4);
  });
});

test.skipIf(isMissing)(
  "a saved trace is opened from a file, and a file that is none is refused",
  async () => {
    await withPage("/search", async (page) => {
      const file = (name: string, value: unknown) => ({
        name,
        mimeType: "application/json",
        buffer: Buffer.from(JSON.stringify(value)),
      });
      const saved = await (await pages.aistrace.get(`/api/aistrace/traces/${traceId(5)}/otlp`)).text();
      const renamed = JSON.parse(saved.replaceAll(traceId(5), traceId(555)));
      await page.locator("input[type=file]").setInputFiles(file("saved.json", renamed));
      await page.waitForURL(`**/trace/${traceId(555)}`);
      await page.locator(".row", { hasText: "ais.file.read" }).waitFor();
      await page.getByText("1 trace with 4 spans stored.").waitFor();
    });
    await pages.openFailing("/search", async (page) => {
      await page
        .locator("input[type=file]")
        .setInputFiles({ name: "x.json", mimeType: "application/json", buffer: Buffer.from("{}") });
      await page.getByText("x.json: this is neither Jaeger's JSON").waitFor();
    });
  },
);

test.skipIf(isMissing)("the service graph shows who calls whom, and leads to the traces", async () => {
  await withPage("/search", async (page) => {
    await page.getByRole("link", { name: "Service graph" }).click();
    const node = page.locator("a.node", { hasText: "aistore-target" });
    await node.waitFor();
    expect(await page.locator("path.call").count()).toBe(2);
    const row = page.locator("tbody tr", { hasText: "trainer" });
    expect(await row.locator("td.number").first().textContent()).toBe("1");
    await page.getByLabel("show").selectOption("instance");
    await page.locator("a.node", { hasText: "aistore-proxy-1" }).click();
    await page.locator(".trace").first().waitFor();
    expect(new URL(page.url()).searchParams.get("tags")).toBe('{"service.instance.id":"aistore-proxy-1"}');
  });
});

test.skipIf(isMissing)("a trace that is not stored is said to be missing", async () => {
  await pages.openFailing("/trace/abc", async (page) => {
    await page.getByText("No such trace").waitFor();
  });
});

test.skipIf(isMissing)("text from a span is never markup", async () => {
  const name = '<img src=x onerror="document.title=1">';
  await pages.aistrace.send([
    {
      traceId: traceId(77),
      spanId: spanId(1),
      service: name,
      name,
      startMs: Date.now(),
      attributes: { [name]: name },
    },
  ]);
  await withPage(`/trace/${traceId(77)}?span=${spanId(1)}`, async (page) => {
    await page.locator(".tags td", { hasText: name }).waitFor();
    expect(await page.locator("img").count()).toBe(0);
    await page.goto(`${pages.url}/search`);
    await page.locator(".trace-name", { hasText: name }).waitFor();
    expect(await page.locator("img").count()).toBe(0);
  });
});

test.skipIf(isMissing)(
  `a trace of ${LARGE_SPANS} spans opens, unfolds and scrolls quickly`,
  async () => {
    const spans = largeTrace(99, Date.now() - 10_000, LARGE_SPANS);
    for (let i = 0; i < spans.length; i += 10_000) await pages.aistrace.send(spans.slice(i, i + 10_000));
    await withPage("/search", async (page) => {
      const started = performance.now();
      await page.goto(`${pages.url}/trace/${traceId(99)}`);
      await page.locator(".row.fold").waitFor();
      expect(performance.now() - started).toBeLessThan(QUICK_MS);

      const unfolding = performance.now();
      await page.locator(".row.fold .toggle").click();
      await page.locator(".row", { hasText: "ais.file.write" }).first().waitFor();
      await page.locator(".scroller").focus();
      await page.keyboard.press("End");
      await page.locator(`.row[data-index="${spans.length}"]`).waitFor();
      expect(performance.now() - unfolding).toBeLessThan(QUICK_MS);
      // Only what is in sight exists.
      expect(await page.locator(".row").count()).toBeLessThan(100);
    });
  },
  60_000,
);
