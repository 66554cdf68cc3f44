import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { TestAistrace } from "@ais/aistrace/aistrace.fixture.ts";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
export const isMissing = !existsSync(executablePath);
if (isMissing) console.log(`skipped: no chromium at "${executablePath}" (set CHROMIUM to its path)`);

/** A name for this machine that browsers do not know to be this machine, and trust less for it. */
export const STRANGE_HOST = "traces.example";

const LAUNCH_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--host-resolver-rules=MAP ${STRANGE_HOST} 127.0.0.1`,
];

/** aistrace on free ports, and a browser to look at its pages with. */
export class TracePages implements AsyncDisposable {
  readonly aistrace: TestAistrace;
  readonly #browser: Browser;

  private constructor(aistrace: TestAistrace, browser: Browser) {
    this.aistrace = aistrace;
    this.#browser = browser;
  }

  static async start(): Promise<TracePages> {
    return new TracePages(
      await TestAistrace.start(),
      await chromium.launch({ executablePath, args: LAUNCH_FLAGS }),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.aistrace.ports.query}`;
  }

  /** A page of its own, at a path or another address. Anything in its console that is not plain talk fails the test. */
  async open(
    path: string,
    run: (page: Page) => Promise<void>,
    options?: BrowserContextOptions,
  ): Promise<void> {
    const problems: string[] = [];
    await this.openFailing(
      path,
      async (page) => {
        await run(page);
        expect(problems).toEqual([]);
      },
      options,
      problems,
    );
  }

  /** Where the server has to say no: the browser writes of every such reply. */
  async openFailing(
    path: string,
    run: (page: Page) => Promise<void>,
    options: BrowserContextOptions = {},
    problems: string[] = [],
  ): Promise<void> {
    const context = await this.#browser.newContext({ viewport: { width: 1300, height: 800 }, ...options });
    try {
      const page = await context.newPage();
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
      });
      page.on("pageerror", (error) => problems.push(String(error)));
      await page.goto(new URL(path, this.url).href);
      await run(page);
    } finally {
      await context.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.aistrace[Symbol.asyncDispose]();
  }
}
