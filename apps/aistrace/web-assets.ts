import { existsSync } from "node:fs";
import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";

export interface WebAsset {
  readonly body: string;
  readonly contentType: string;
  readonly cacheControl: string;
}

/** The page's files, in memory. */
export class WebAssets {
  readonly #page: WebAsset;
  readonly #files: ReadonlyMap<string, WebAsset>;

  constructor(html: string, css: string, script: string) {
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
    if (pathname === "/" || pathname === "/search" || /^\/trace\/[^/]*$/.test(pathname)) return this.#page;
    return this.#files.get(pathname) ?? null;
  }
}

/** Reads the page from `dir`: built (`build.ts`), or as sources, which are built now. */
export async function loadWebAssets(dir: string): Promise<WebAssets> {
  const [html, css, script] = await Promise.all([
    Bun.file(join(dir, "index.html")).text(),
    Bun.file(join(dir, "app.css")).text(),
    existsSync(join(dir, "app.js")) ? Bun.file(join(dir, "app.js")).text() : buildScript(dir),
  ]);
  return new WebAssets(html, css, script);
}

/** Bundles the page's script. */
export async function buildScript(dir: string): Promise<string> {
  const result = await Bun.build({ entrypoints: [join(dir, "app.ts")], target: "browser", minify: true });
  const [output] = result.outputs;
  if (output === undefined)
    throw new AisError("internal", `failed to bundle the page: ${result.logs.join("\n")}`);
  return output.text();
}
