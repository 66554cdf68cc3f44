/**
 * Where the program's other files are. In the sources and in a bundle (`build.ts`) they lie alike beside `main`, so
 * this module must stay in the same folder as `main.ts`.
 */
import { fileURLToPath } from "node:url";

const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

export const WRITER_WORKER_URL = new URL(`./store/worker${extension}`, import.meta.url);
export const WEB_DIR = fileURLToPath(new URL("./web/", import.meta.url));
