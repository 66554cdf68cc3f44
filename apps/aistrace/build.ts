/** Builds a deployable aistrace: `bun apps/aistrace/build.ts [folder]`, then `bun <folder>/main.js`. */
import { join } from "node:path";
import { buildWeb } from "./web-assets.ts";

const outDir = process.argv[2] ?? join(import.meta.dir, "../../dist/aistrace");

// The worker keeps its place beside `main`, where `paths.ts` looks for it.
const result = await Bun.build({
  entrypoints: ["main.ts", "store/worker.ts"].map((entry) => join(import.meta.dir, entry)),
  root: import.meta.dir,
  outdir: outDir,
  target: "bun",
  minify: true,
  sourcemap: "linked",
});
for (const log of result.logs) console.error(String(log));

const { html, css, script } = await buildWeb(join(import.meta.dir, "web"));
await Promise.all([
  Bun.write(join(outDir, "web/index.html"), html),
  Bun.write(join(outDir, "web/app.css"), css),
  Bun.write(join(outDir, "web/app.js"), script),
]);
console.log(`built ${outDir}/main.js`);
process.exit(result.success ? 0 : 1);
