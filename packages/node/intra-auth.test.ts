/** Who may call as a node of the cluster, and who may not. */
import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { type Clock, systemClock } from "@ais/base/clock.ts";
import { isAisError } from "@ais/base/errors.ts";
import { CALL_WINDOW_MS, IntraAuth } from "./intra-auth.ts";
import { memoryRequest } from "./testing/memory-request.ts";

const KEY = randomBytes(32);
const LIST = "/v1/intra/list?a=1&b=%20x";
let nowMs = 1_700_000_000_000;
const clock: Clock = { ...systemClock, nowMs: () => nowMs };
const proxy = new IntraAuth({ key: KEY, nodeId: "proxyone", clock });
const target = new IntraAuth({ key: KEY, nodeId: "targetone", clock });

type Headers = Readonly<Record<string, string>>;

function signed(target = LIST, by = proxy, calledId = "targetone"): Headers {
  return by.headers("POST", `http://127.0.0.1:1${target}`, calledId);
}

function lower(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Null when the call is believed. */
function refusal(headers: Headers, method = "POST", url = LIST, by = target): string | null {
  try {
    by.verify(memoryRequest(method, url, { headers: lower(headers) }));
    return null;
  } catch (error) {
    expect(isAisError(error, "unauthorized")).toBe(true);
    return String(error);
  }
}

test("a node's call is believed, and counts as nothing", () => {
  expect(refusal(signed())).toBeNull();
  expect(refusal(signed("/v1/intra/sync"), "POST", "/v1/intra/sync")).toBeNull();
  expect(target.refusedCount).toBe(0);
});

test.each<[string, () => string | null]>([
  ["without a signature", () => refusal({ "Ais-Caller-Id": "proxyone" })],
  ["with a malformed one", () => refusal({ ...signed(), "Ais-Intra-Signature": "1.x" })],
  ["with one that is cut", () => refusal(withSignature((text) => text.slice(0, -1)))],
  ["with one of another version", () => refusal(withSignature((text) => text.replace(/^1/, "2")))],
  ["with another MAC", () => refusal(withSignature((text) => text.slice(0, -22) + "A".repeat(22)))],
  ["with another time", () => refusal(withSignature((text) => text.replace(/\.\w+\./, ".zzzzzzzz.")))],
  ["of another method", () => refusal(signed(), "PUT")],
  ["of another path", () => refusal(signed(), "POST", "/v1/intra/sync?a=1&b=%20x")],
  ["of another query", () => refusal(signed(), "POST", "/v1/intra/list?a=2&b=%20x")],
  ["by another caller", () => refusal({ ...signed(), "Ais-Caller-Id": "proxytwo" })],
  ["for another node", () => refusal(signed(LIST, proxy, "targettwo"))],
  [
    "of another cluster",
    () => refusal(signed(LIST, new IntraAuth({ key: randomBytes(32), nodeId: "proxyone", clock }))),
  ],
])("a call %s is refused and counted", (_, attempt) => {
  const before = target.refusedCount;
  expect(attempt()).toContain("a call between nodes");
  expect(target.refusedCount).toBe(before + 1);
});

test("clocks may differ a little, and an overheard call ends", () => {
  const headers = signed();
  const sentMs = nowMs;
  for (const [ageMs, isBelieved] of [
    [CALL_WINDOW_MS, true],
    [CALL_WINDOW_MS + 1, false],
    [-CALL_WINDOW_MS, true],
    [-CALL_WINDOW_MS - 1, false],
  ] as const) {
    nowMs = sentMs + ageMs;
    const why = refusal(headers);
    expect([ageMs, why === null]).toEqual([ageMs, isBelieved]);
    if (why !== null) expect(why).toContain("do the nodes' clocks differ?");
  }
  nowMs = sentMs;
});

test("nothing is signed that is not a call between nodes, whatever its path looks like", () => {
  for (const path of ["/v1/daemon?what=snode", "/v1/daemon/../x", "/v1/objects/v1/intra/list", "/v1/intrax"])
    expect(signed(path)).toEqual({});
});

function withSignature(change: (text: string) => string): Headers {
  const headers = signed();
  return { ...headers, "Ais-Intra-Signature": change(headers["Ais-Intra-Signature"] ?? "") };
}
