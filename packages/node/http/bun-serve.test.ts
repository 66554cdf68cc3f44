import { startBunServer } from "./bun-serve.ts";
import { runHttpLimitCases } from "./http-limits.case-suite.ts";
import { runHttpServerCases } from "./http-server.case-suite.ts";

runHttpServerCases({
  name: "Bun.serve",
  start: startBunServer,
  skips: {
    "keeps dot segments of the path": "its URLs are already folded",
    "parts repeated headers exactly": "it joins them with commas before anyone sees them",
    "does not ask for a body that nobody reads": "it asks before anyone sees the request",
    "hands over the body of GET": "it drops them",
  },
});
runHttpLimitCases("bun-serve", startBunServer);
