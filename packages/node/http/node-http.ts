import type { StartHttpServer } from "./types.ts";

export declare const startNodeHttpServer: StartHttpServer;
