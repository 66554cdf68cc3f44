/** The answers that both roles share, over a cluster in memory. */
import { beforeEach, describe, expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import type { Call } from "./call.ts";
import { daemonInfo } from "./daemon-info.ts";
import { followConfig } from "./follow-config.ts";
import { healthGet } from "./health.ts";
import { intraSync } from "./intra-sync.ts";
import { ParsedQuery } from "./query.ts";
import { memoryNode } from "./testing/memory-member.ts";
import { memoryRequest } from "./testing/memory-request.ts";
import { type MemoryServices, memoryServices } from "./testing/memory-services.ts";

let services: MemoryServices;
beforeEach(() => {
  services = memoryServices(memoryNode("target", "targetone", 8081), [memoryNode("proxy", "proxyone", 8080)]);
});

function call(query: string): Call {
  return {
    operation: "daemon.get",
    request: memoryRequest("GET", "/v1/daemon"),
    query: new ParsedQuery(query),
    bucketName: "",
    objectName: "",
    rest: [],
    snapshot: services.member.snapshot,
    span: services.tracing.startRoot("test"),
  };
}

describe("daemonInfo", () => {
  async function what(query: string): Promise<unknown> {
    const reply = await daemonInfo(call(query), services);
    return reply === null ? null : JSON.parse(String(reply.body));
  }

  test("answers from one snapshot and the local config", async () => {
    expect(await what("what=smap")).toMatchObject({
      version: "3",
      tmap: { targetone: { daemon_type: "target" } },
    });
    expect(await what("what=bmd")).toMatchObject({ version: "1" });
    expect(await what("what=config")).toMatchObject({
      confdir: "/conf",
      log: { level: "5" },
      space: { lowwm: 75 },
    });
    expect(await what("what=node_status")).toMatchObject({
      status: "",
      ais_version: expect.stringMatching(/^5\.0/),
      cluster: { flags: 6, smap: { Primary: { id: "proxyone" } } },
      tracker: { "up.ns.time": expect.any(Number) },
    });
    expect(await what("what=metrics")).toMatchObject({ "get.n": "counter", "put.size": "size" });
    expect(await what("what=nothing")).toBeNull();
  });

  test("answers raw text without quotes", async () => {
    expect(String((await daemonInfo(call("what=software_version"), services))?.body)).toMatch(
      /^5\.0[^"\n]*$/,
    );
    services.logger.log("info", "a line");
    expect(String((await daemonInfo(call("what=log"), services))?.body)).toContain("a line");
    expect(daemonInfo(call("what=log&severity=loud"), services)).rejects.toThrow("invalid log severity");
  });
});

describe("healthGet", () => {
  test("tells uptimes, readiness and the state of the cluster", () => {
    const reply = healthGet(call(""), services);
    expect([reply.status, reply.body]).toEqual([200, null]);
    expect(Number(reply.headers.find(([name]) => name === "Ais-Node-Uptime")?.[1])).toBeGreaterThan(0);
    expect(JSON.parse(String(healthGet(call("cii=true"), services).body))).toMatchObject({ flags: 6 });
    services.member.isReady = false;
    expect(healthGet(call(""), services).status).toBe(200);
    expect(healthGet(call("readiness=true"), services).status).toBe(503);
    expect(() => healthGet(call("prr=true&cii=true"), services)).toThrow(AisError);
  });
});

describe("intraSync", () => {
  test("refreshes a document that is behind, and only then", async () => {
    services.member.changeBmd((bmd) =>
      withBucket(
        bmd,
        aisBucket("b"),
        defaultBprops(services.member.snapshot.config, { bid: 1n, createdNs: 1n }),
      ),
    );
    await intraSync(call("document=bmd&version=2"), services);
    expect(services.member.snapshot.bmd.version).toBe("2");
    await intraSync(call("document=bmd&version=2"), services);
    expect(services.member.refreshes).toBe(1);
    expect(intraSync(call("document=other&version=1"), services)).rejects.toThrow("invalid document");
  });
});

describe("followConfig", () => {
  test("applies the config now and at every change", async () => {
    const stop = await followConfig(services);
    expect([services.logger.verbosity, services.tracing.sections.length]).toEqual(["5", 1]);
    services.member.changeConfig((config) => ({ ...config, log: { ...config.log, level: "4" } }));
    services.member.deliver("config");
    expect([services.logger.verbosity, services.tracing.sections.length]).toEqual(["4", 1]);
    services.member.changeConfig((config) => ({
      ...config,
      tracing: { ...(services.tracing.sections[0] ?? expect.unreachable()), exporter_endpoint: "h:1" },
    }));
    services.member.deliver("config");
    expect(services.tracing.sections.at(-1)?.exporter_endpoint).toBe("h:1");
    stop();
    services.member.changeConfig((config) => ({ ...config, log: { ...config.log, level: "3" } }));
    services.member.deliver("config");
    expect(services.logger.verbosity).toBe("4");
  });
});
