/** A whole proxy, pipeline included, over a cluster in memory and without a listener. */

import type { NodeServices } from "@ais/node/call.ts";
import type { HttpHandler, HttpReply } from "@ais/node/http/types.ts";
import type { NodeLogger } from "@ais/node/logger.ts";
import { createNodeMetrics } from "@ais/node/metrics/node-metrics.ts";
import type { ActMsg } from "@ais/wire/act-msg.ts";
import type { Bck } from "@ais/wire/bck.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { localConfig } from "@ais/wire/local-config.ts";
import type { Snode } from "@ais/wire/smap.ts";
import { createProxy, type ProxyRole } from "../proxy.ts";
import { FakeMember, fakeNode, fakeSnapshot, NNN } from "./fake-member.ts";
import { type RecordedSpan, RecordingTracing } from "./recording-tracing.ts";

const SILENT: NodeLogger = {
  verbosity: "3",
  log() {},
  isEnabled: () => false,
  setVerbosity() {},
  read: async () => "",
  files: async () => [],
  flush: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

export interface FakeRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | ActMsg;
}

export interface FakeProxyOptions {
  readonly targets?: readonly Snode[];
  readonly buckets?: readonly Bck[];
}

export class FakeProxy {
  readonly member: FakeMember;
  readonly tracing = new RecordingTracing();
  readonly services: NodeServices;
  readonly #proxy: ProxyRole;
  /** How often a handler asked for the body. */
  bodyReads = 0;

  private constructor(
    member: FakeMember,
    tracing: RecordingTracing,
    services: NodeServices,
    proxy: ProxyRole,
  ) {
    this.member = member;
    this.tracing = tracing;
    this.services = services;
    this.#proxy = proxy;
  }

  static async create({
    targets = THREE_TARGETS,
    buckets = [NNN],
  }: FakeProxyOptions = {}): Promise<FakeProxy> {
    const self = fakeNode("proxy-one", "proxy", "http://127.0.0.1:8080", 9n);
    const member = new FakeMember(self, fakeSnapshot(self, targets, buckets));
    const tracing = new RecordingTracing();
    const services: NodeServices = {
      member,
      tracing,
      logger: SILENT,
      metrics: createNodeMetrics({ role: "proxy", nodeId: self.daemon_id, tracing }),
      facts: {
        role: "proxy",
        id: self.daemon_id,
        startedMonotonicMs: performance.now(),
        localConfig: localConfig({
          mountpaths: [],
          confDir: "/c",
          logDir: "/l",
          hostname: "127.0.0.1",
          port: 8080,
        }),
        deployment: "linux",
        podName: "",
        buildTime: "",
      },
    };
    return new FakeProxy(member, tracing, services, await createProxy(services));
  }

  get handler(): HttpHandler {
    return this.#proxy.handler;
  }

  /** The newest SERVER span. */
  get span(): RecordedSpan {
    const span = this.tracing.roots.at(-1);
    if (span === undefined) throw new Error("nothing was traced");
    return span;
  }

  async send(
    method: string,
    rawUrl: string,
    { headers = {}, body = "" }: FakeRequest = {},
  ): Promise<HttpReply> {
    const bytes = new TextEncoder().encode(typeof body === "string" ? body : encodeJson(body));
    const question = rawUrl.indexOf("?");
    const reply = await this.#proxy.handler({
      method,
      rawPath: question < 0 ? rawUrl : rawUrl.slice(0, question),
      rawQuery: question < 0 ? "" : rawUrl.slice(question + 1),
      header: (name) => headers[name] ?? null,
      headerLines: (name) => (headers[name] === undefined ? [] : [headers[name]]),
      remoteAddress: "127.0.0.1",
      contentLengthBytes: bytes.byteLength,
      bytes: async () => {
        this.bodyReads++;
        return bytes;
      },
      stream: () => {
        throw new Error("no proxy handler streams a body");
      },
      signal: new AbortController().signal,
    });
    reply.onDone?.("sent");
    return reply;
  }
}

export const THREE_TARGETS: readonly Snode[] = [
  fakeNode("target-one", "target", "http://10.0.0.1:8081", 0x1111_2222_3333_4444n),
  fakeNode("target-two", "target", "http://10.0.0.2:8081", 0x5555_6666_7777_8888n),
  fakeNode("target-three", "target", "http://10.0.0.3:8081", 0x9999_aaaa_bbbb_ccccn),
];

export function headerOf(reply: HttpReply, name: string): string | null {
  return reply.headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? null;
}

export function jsonOf(reply: HttpReply): unknown {
  return JSON.parse(textOf(reply));
}

export function textOf({ body }: HttpReply): string {
  if (typeof body === "string") return body;
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : "";
}
