/**
 * Where the export worker's program is. From source it is `worker.ts` beside this file; a bundle is one `.js` file and has
 * the worker beside it as `trace-export-worker.js`, built as a second entry point.
 */
export function exportWorkerUrl(moduleUrl: string = import.meta.url): URL {
  const name = moduleUrl.endsWith(".ts") ? "./worker.ts" : "./trace-export-worker.js";
  return new URL(name, moduleUrl);
}
