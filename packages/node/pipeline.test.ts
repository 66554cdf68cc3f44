import { beforeEach, describe, expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import type { OperationHandler } from "./call.ts";
import type { HttpHandler, HttpReply } from "./http/types.ts";
import { createPipeline, type PipelineOptions } from "./pipeline.ts";
import { textReply } from "./replies.ts";
import { memoryNode } from "./testing/memory-member.ts";
import { memoryRequest } from "./testing/memory-request.ts";
import { type MemoryServices, memoryServices } from "./testing/memory-services.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

type Handler = OperationHandler<MemoryServices>;

describe("pipeline", () => {
  let services: MemoryServices;
  let get: Handler;
  let handler: HttpHandler;

  beforeEach(() => {
    services = memoryServices(memoryNode("target", "targetone", 8081));
    get = () => textReply("content");
    const serve: Handler = (call, all) => get(call, all);
    const options: PipelineOptions<MemoryServices, "object.get" | "object.head" | "health.get"> = {
      role: "target",
      dispatch: { "object.get": serve, "object.head": serve, "health.get": serve },
      services,
    };
    handler = createPipeline(options);
  });

  async function send(method: string, url: string, headers: Record<string, string> = {}): Promise<HttpReply> {
    return await handler(memoryRequest(method, url, { headers }));
  }

  test("names, continues and describes the span", async () => {
    const reply = await send("GET", `/v1/objects/nnn/a%20b?pid=p1&token=secret&traceparent=${PARENT}`, {
      host: "127.0.0.1:8081",
      "user-agent": "ais/cli",
    });
    const span = services.tracing.last;
    expect([span.name, span.context.traceId]).toEqual(["GET /v1/objects/{bucket}/{object}", TRACE_ID]);
    expect(span.attributes).toEqual({
      "http.request.method": "GET",
      "http.route": "/v1/objects/{bucket}/{object}",
      "url.path": "/v1/objects/nnn/a%20b",
      "url.scheme": "http",
      "url.query": "pid=p1&token=REDACTED",
      "server.address": "127.0.0.1",
      "server.port": 8081,
      "user_agent.original": "ais/cli",
      "network.protocol.version": "1.1",
      "http.request.body.size": 0,
      "ais.operation": "object.get",
      "ais.bucket": "ais://nnn",
      "ais.object": "a b",
      "ais.smap.version": 3,
      "http.response.status_code": 200,
      "http.response.body.size": 7,
    });
    expect(reply.headers).toContainEqual(["traceresponse", `00-${TRACE_ID}-${span.context.spanId}-01`]);
  });

  test("names the client's address at a target only when the reply is an error", async () => {
    await send("GET", "/v1/objects/nnn/a");
    expect(services.tracing.last.attributes).not.toHaveProperty("client.address");
    get = () => {
      throw new AisError("notFound", "object is not there");
    };
    await send("GET", "/v1/objects/nnn/a");
    expect(services.tracing.last.attributes["client.address"]).toBe("127.0.0.1");
  });

  test("hides the trace context from handlers", async () => {
    let entries: unknown;
    get = ({ query }) => {
      entries = [[...query.entries()], query.get("traceparent"), query.get("tracestate")];
      return textReply("");
    };
    await send("GET", `/v1/objects/b/o?traceparent=${PARENT}&x=1&tracestate=a%3Db`);
    expect(entries).toEqual([[["x", "1"]], null, null]);
  });

  test("ends span, metrics and access log once, when the reply is out", async () => {
    const outcomes: string[] = [];
    get = () => ({ ...textReply("content"), onDone: (outcome) => outcomes.push(outcome) });
    const reply = await send("GET", "/v1/objects/b/o");
    expect(services.tracing.last.endings).toBe(0);
    expect(services.metrics.dump().tracker["get.n"]).toBeUndefined();
    reply.onDone?.("sent");
    reply.onDone?.("sent");
    expect([outcomes, services.tracing.last.endings, services.metrics.dump().tracker["get.n"]]).toEqual([
      ["sent"],
      1,
      1,
    ]);
    const [line] = services.logger.lines;
    expect(line).toMatchObject({ level: "debug", traceId: services.tracing.last.context.traceId });
    expect(line?.fields).toMatchObject({ operation: "object.get", status: 200, outcome: "sent" });
  });

  test("marks the span of a client that left", async () => {
    const reply = await send("GET", "/v1/objects/b/o");
    reply.onDone?.("client_closed");
    expect(services.tracing.last.failure).toBe("client_closed");
    expect(services.metrics.dump().tracker["err.get.n"]).toBe(1);
  });

  test("turns an error of the catalogue into its body", async () => {
    get = () => {
      throw new AisError("bucketNotFound", 'bucket "ais://b" does not exist', { headers: { "X-More": "1" } });
    };
    const reply = await send("GET", "/v1/objects/b/o");
    expect(reply.status).toBe(404);
    expect(reply.headers).toContainEqual(["Content-Type", "application/json"]);
    expect(reply.headers).toContainEqual(["X-More", "1"]);
    expect(JSON.parse(String(reply.body))).toEqual({
      tcode: "ErrBckNotFound",
      message: 'bucket "ais://b" does not exist',
      method: "GET",
      url_path: "/v1/objects/b/o",
      remote_addr: "127.0.0.1",
      caller: "",
      node: "t[targetone]",
      status: 404,
    });
    reply.onDone?.("sent");
    const span = services.tracing.last;
    expect([span.failure, span.exceptions.length]).toEqual([null, 0]);
    expect(services.metrics.dump().tracker["err.get.n"]).toBe(1);
  });

  test("puts the error of HEAD in a header of ASCII", async () => {
    get = () => {
      throw new AisError("notFound", 'object "ais://b/中" does not exist');
    };
    const reply = await send("HEAD", "/v1/objects/b/%E4%B8%AD");
    const header = reply.headers.find(([name]) => name === "Hdr-Error")?.[1] ?? "";
    expect(reply.body).toBeNull();
    expect(header).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(header).message).toContain("ais://b/中");
  });

  test("hides what is not of the catalogue and tells the trace of it", async () => {
    const thrown = new TypeError("secret detail");
    get = () => {
      throw thrown;
    };
    const reply = await send("GET", "/v1/objects/b/o");
    reply.onDone?.("sent");
    expect(reply.status).toBe(500);
    expect(JSON.parse(String(reply.body)).message).toBe("internal error");
    expect(String(reply.body)).not.toContain("secret");
    const span = services.tracing.last;
    expect([span.failure, span.exceptions]).toEqual(["internal", [thrown]]);
    const failure = services.logger.lines.find(({ level }) => level === "error");
    expect(failure).toMatchObject({ traceId: span.context.traceId, fields: { error: "secret detail" } });
  });

  test("fails the span of a 5xx that a handler relayed", async () => {
    get = () => textReply("busy", [], 503);
    (await send("GET", "/v1/objects/b/o")).onDone?.("sent");
    expect(services.tracing.last.failure).toBe("503");
    expect(services.logger.lines.some(({ level }) => level === "warn")).toBe(true);
  });

  test("logs at warning level neither a probe that is not answered yet nor what is not supported", async () => {
    get = () => textReply("", [], 503);
    (await send("GET", "/v1/health?readiness=true")).onDone?.("sent");
    get = () => {
      throw new AisError("unsupported", "not supported");
    };
    (await send("GET", "/v1/objects/b/o")).onDone?.("sent");
    expect(services.logger.lines.map(({ level }) => level)).toEqual(["debug", "debug", "debug"]);
  });

  test("calls it no failure of the node when the client left before the reply", async () => {
    const gone = AbortSignal.abort();
    get = () => {
      throw new AisError("unavailable", "failed to call t[other]: the call was given up");
    };
    const reply = await handler(memoryRequest("GET", "/v1/objects/b/o", { signal: gone }));
    reply.onDone?.("client_closed");
    expect(services.logger.lines.map(({ level }) => level)).toEqual(["debug", "debug"]);
  });

  test("screens object names before any handler", async () => {
    get = () => {
      throw new Error("reached");
    };
    for (const name of ["a/../b", "a/", "~/x", "."]) {
      const reply = await send("GET", `/v1/objects/b/${encodeURIComponent(name)}`);
      expect([name, reply.status]).toEqual([name, 400]);
    }
    get = () => textReply("probed");
    expect((await send("HEAD", "/v1/objects/b/dir/")).status).toBe(200);
  });

  test("does not trace health", async () => {
    const reply = await send("GET", "/v1/health");
    expect([reply.status, services.tracing.roots.length]).toEqual([200, 0]);
  });

  test("answers what is no operation", async () => {
    expect((await send("GET", "/nothing")).status).toBe(400);
    const wrong = await send("PATCH", "/v1/health");
    expect(wrong.status).toBe(405);
    expect(wrong.headers).toContainEqual(["Allow", "GET, OPTIONS"]);
    expect((await send("OPTIONS", "/v1/health")).headers).toContainEqual(["Allow", "GET, OPTIONS"]);
    expect((await send("GET", "/favicon.ico")).status).toBe(204);
    expect((await send("GET", "/v1/objects/b/o?x=%zz")).status).toBe(400);
    expect((await send("PUT", "/v1/objects/b/o")).status).toBe(501);
  });
});
