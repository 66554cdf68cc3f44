import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";

export interface WebAsset {
  readonly body: string;
  readonly contentType: string;
  readonly cacheControl: string;
}

/** The texts of the page's three files. */
export interface WebFiles {
  readonly html: string;
  readonly css: string;
  readonly script: string;
}

/** In this order: later ones refine earlier ones. */
const STYLE_SHEETS = [
  "theme",
  "base",
  "controls",
  "top-bar",
  "search",
  "welcome",
  "trace",
  "waterfall",
  "waterfall-row",
  "span-panel",
  "statistics",
  "graph",
  "narrow",
] as const;

/** The page, served from memory. */
export class WebAssets {
  readonly #page: WebAsset;
  readonly #files: ReadonlyMap<string, WebAsset>;

  constructor({ html, css, script }: WebFiles) {
    const asset = (body: string, contentType: string): WebAsset => ({
      body,
      contentType,
      cacheControl: "no-cache",
    });
    this.#page = asset(html, "text/html; charset=utf-8");
    this.#files = new Map([
      ["/assets/app.css", asset(css, "text/css; charset=utf-8")],
      ["/assets/app.js", asset(script, "text/javascript; charset=utf-8")],
    ]);
  }

  /** The page has Jaeger's addresses, so that links made for Jaeger open here. */
  find(pathname: string): WebAsset | null {
    if (["/", "/search", "/dependencies"].includes(pathname) || /^\/trace\/[^/]*$/.test(pathname))
      return this.#page;
    return this.#files.get(pathname) ?? null;
  }
}

/** Reads the page from `dir`, as `build.ts` leaves it there or as its sources, which are built now. */
export async function loadWebAssets(dir: string): Promise<WebAssets> {
  const script = Bun.file(join(dir, "app.js"));
  if (!(await script.exists())) return new WebAssets(await buildWeb(dir));
  const [html, css] = await Promise.all(
    ["index.html", "app.css"].map((name) => Bun.file(join(dir, name)).text()),
  );
  return new WebAssets({ html: html ?? "", css: css ?? "", script: await script.text() });
}

/** Builds the page from its sources in `dir`. */
export async function buildWeb(dir: string): Promise<WebFiles> {
  const sheets = STYLE_SHEETS.map((name) => Bun.file(join(dir, "css", `${name}.css`)).text());
  const [html, script, ...css] = await Promise.all([
    Bun.file(join(dir, "index.html")).text(),
    bundle(join(dir, "app.ts")),
    ...sheets,
  ]);
  return { html, css: css.join("\n"), script };
}

async function bundle(entry: string): Promise<string> {
  const result = await Bun.build({ entrypoints: [entry], target: "browser", minify: true });
  const [output] = result.outputs;
  if (output === undefined)
    throw new AisError("internal", `failed to bundle "${entry}": ${result.logs.join("\n")}`);
  return output.text();
}
