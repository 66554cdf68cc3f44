import { runHttpLimitCases } from "./http-limits.case-suite.ts";
import { runHttpServerCases } from "./http-server.case-suite.ts";
import { startNodeHttpServer } from "./node-http.ts";

runHttpServerCases({ name: "node:http", start: startNodeHttpServer, skips: {} });
runHttpLimitCases("node-http", startNodeHttpServer);
