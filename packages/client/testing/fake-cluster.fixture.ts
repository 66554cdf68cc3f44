/** A proxy and a target over sockets, with objects in memory: what the wire document says, without the cluster. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { bucketCname, parseProvider } from "@ais/wire/bck.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { ENTRY_FLAGS } from "@ais/wire/lso.ts";
import { decodeObjectPath } from "@ais/wire/object-name.ts";
import type { Smap, Snode } from "@ais/wire/smap.ts";

export interface SeenRequest {
  readonly node: "proxy" | "target";
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly bodyBytes: number;
}

export class FakeCluster implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly buckets = new Map<string, Map<string, Uint8Array>>();
  /** Jobs that were started; each is over at once. */
  readonly jobs: FakeJob[] = [];
  /** Of every node. */
  log = "";
  readonly config: Record<string, unknown> = { space: {}, rebalance: { enabled: true }, log: { level: "3" } };
  /** Replies say that their trace was recorded. */
  traces = false;
  /** Sent in place of the checksum of objects. */
  checksumValue: string | null = null;
  /** The target breaks the connection after this many bytes of an object. */
  breakAfterBytes: number | null = null;
  /** As many requests at the proxy are answered by 503 without a body. */
  startingUpRequests = 0;
  /** Answered by every node as `what=node_status`, beside its snode. */
  nodeStatus: Record<string, unknown> = {};
  readonly #proxy = createServer((request, response) => void this.#serve("proxy", request, response));
  readonly #target = createServer((request, response) => void this.#serve("target", request, response));

  static async start(): Promise<FakeCluster> {
    const cluster = new FakeCluster();
    await Promise.all([listen(cluster.#proxy), listen(cluster.#target)]);
    return cluster;
  }

  get endpoint(): string {
    return urlOf(this.#proxy);
  }

  get targetUrl(): string {
    return urlOf(this.#target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.#proxy, this.#target]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  async #serve(node: "proxy" | "target", request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const body =
      node === "proxy" && method === "PUT" && url.startsWith("/v1/objects") ? [] : await collect(request);
    const bytes = Buffer.concat(body);
    this.requests.push({ node, method, url, headers: request.headers, bodyBytes: bytes.length });
    const { traceparent } = request.headers;
    if (this.traces && typeof traceparent === "string")
      response.setHeader(HEADERS.traceresponse, traceparent);
    if (node === "proxy" && this.startingUpRequests > 0) {
      this.startingUpRequests--;
      response.writeHead(503).end();
      return;
    }
    const parsed = new URL(url, "http://cluster");
    const [, , resource = "", bucket = "", ...rest] = parsed.pathname.split("/");
    const objectName = decodeObjectPath(rest.join("/"));
    if (resource === "objects" && node === "proxy") {
      const location = `${this.targetUrl}${url}${url.includes("?") ? "&" : "?"}pid=p1&utm=1`;
      response.writeHead(method === "GET" ? 301 : 307, { location }).end();
    } else if (resource === "objects") {
      this.#object(method, bucket, objectName, bytes, request, response);
    } else if (resource === "buckets") {
      this.#bucket(method, bucket, parsed, bytes.toString(), response);
    } else {
      this.#control(method, parsed, bytes.toString(), request, response);
    }
  }

  #object(
    method: string,
    bucket: string,
    name: string,
    bytes: Uint8Array,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const objects = this.buckets.get(bucket);
    const found = objects?.get(name);
    if (objects === undefined) {
      fail(response, method, 404, "ErrBckNotFound", missingBucket(bucket));
    } else if (method === "PUT") {
      objects.set(name, bytes);
      response.writeHead(200, { [HEADERS.version]: "1", [HEADERS.checksumType]: "xxhash2" }).end();
    } else if (found === undefined) {
      fail(response, method, 404, "ErrNotFound", `object "ais://${bucket}/${name}" does not exist`);
    } else if (method === "DELETE") {
      objects.delete(name);
      response.writeHead(200).end();
    } else if (method === "GET" && this.breakAfterBytes !== null) {
      response.writeHead(200, { "content-length": found.length });
      response.write(found.subarray(0, this.breakAfterBytes), () => response.destroy());
    } else {
      const md5 = new Bun.CryptoHasher("md5").update(found).digest("hex");
      sendObject(method, found, this.checksumValue ?? md5, request, response);
    }
  }

  #bucket(method: string, name: string, url: URL, body: string, response: ServerResponse): void {
    const objects = this.buckets.get(name);
    if (method === "GET" && name === "") {
      const provider = parseProvider(url.searchParams.get("provider") ?? "");
      const list = [...this.buckets.keys()].map((bucket) => ({
        name: bucket,
        provider,
        namespace: { uuid: "", name: "" },
      }));
      send(response, list);
    } else if (
      objects !== undefined &&
      (body.includes('"delete-listrange"') || body.includes('"copy-') || body.includes('"move-bck"'))
    ) {
      response.end(this.#bucketJob(name, objects, url, JSON.parse(body)));
    } else if (method === "POST" && objects !== undefined) {
      fail(response, method, 409, "ErrBucketAlreadyExists", `bucket "ais://${name}" already exists`);
    } else if (method === "POST") {
      this.buckets.set(name, new Map());
      response.end();
    } else if (objects === undefined) {
      fail(response, method, 404, "ErrBckNotFound", missingBucket(name));
    } else if (method === "DELETE") {
      this.buckets.delete(name);
      response.end();
    } else if (body.includes('"summary-bck"')) {
      const { uuid, prefix } = JSON.parse(body).value;
      if (uuid === "") response.writeHead(202).end("summary-1");
      else send(response, [summaryOf(objects, prefix)]);
    } else if (method === "HEAD") {
      const props = { checksum: { type: "md5" }, versioning: { enabled: true }, provider: "ais" };
      response.writeHead(200, { [HEADERS.bucketProps]: JSON.stringify(props) }).end();
    } else if (method === "GET") {
      send(response, listPage(objects, JSON.parse(body).value));
    } else {
      response.end();
    }
  }

  #bucketJob(
    name: string,
    objects: Map<string, Uint8Array>,
    url: URL,
    { action, value }: { action: string; value: Record<string, string | string[]> | null },
  ): string {
    const wanted = new Set(value?.["objnames"] ?? []);
    const prefix = String(value?.["template"] || value?.["prefix"] || "");
    const chosen = [...objects.keys()].filter((each) =>
      wanted.size > 0 ? wanted.has(each) : each.startsWith(prefix),
    );
    const to = (url.searchParams.get("bck_to") ?? "").split("/")[2] ?? "";
    for (const each of chosen) {
      if (to !== "")
        this.buckets.set(
          to,
          new Map([...(this.buckets.get(to) ?? []), [each, objects.get(each) ?? new Uint8Array()]]),
        );
      if (action !== "copy-bck") objects.delete(each);
    }
    if (action === "move-bck") this.buckets.delete(name);
    const id = `job-${this.jobs.length + 1}`;
    this.jobs.push({ id, kind: action, bucket: name, destination: to, objects: chosen.length });
    return id;
  }

  /** Status, snaps and stop. False for another request. */
  #jobQuery(what: string | null, body: string, response: ServerResponse): boolean {
    if (what !== "status" && what !== "qryxstats" && what !== "status_all") return false;
    const { id, kind, show_active } = JSON.parse(body);
    const found = this.jobs.filter(
      (job) => (id === "" || job.id === id) && (kind === "" || job.kind === kind),
    );
    if (id !== "" && found.length === 0)
      fail(response, "GET", 404, "ErrNotFound", `job "${id}" does not exist`);
    else if (what === "status") send(response, jobStatus(found[0]));
    else if (what === "status_all") send(response, show_active === true ? [] : found.map(jobStatus));
    else send(response, { t1: show_active === true ? [] : found.map(jobSnap) });
    return true;
  }

  #control(method: string, url: URL, body: string, request: IncomingMessage, response: ServerResponse): void {
    const what = url.searchParams.get("what");
    if (this.#jobQuery(what, body, response)) return;
    if (method === "PUT" && url.pathname === "/v1/cluster") {
      const { action, value } = JSON.parse(body);
      const id = `job-${this.jobs.length + 1}`;
      if (action === "start")
        this.jobs.push({ id, kind: value.Kind, bucket: "", destination: "", objects: 0 });
      response.end(action === "start" ? id : "");
      return;
    }
    if (url.pathname === "/v1/health") {
      response.writeHead(200, { [HEADERS.nodeUptime]: "5", [HEADERS.clusterUptime]: "7" }).end();
    } else if (method === "PUT") {
      for (const [name, value] of url.searchParams) {
        const [section = "", key = ""] = name.split(".");
        this.config[section] = { ...(this.config[section] as object | undefined), [key]: value };
      }
      response.end();
    } else if (what === "smap") {
      send(response, this.#smap());
    } else if (what === "cluster_config" || what === "config") {
      send(response, this.config);
    } else if (what === "backends") {
      send(response, []);
    } else if (what === "log") {
      response.end(this.log);
    } else if (what === "node_status") {
      send(response, { ...this.nodeStatus, daemon: request.headers["ais-node-id"] });
    } else {
      fail(response, method, 400, "", `unrecognized what=${what}`);
    }
  }

  #smap(): Smap {
    const p1 = snode("p1", "proxy", this.endpoint);
    const t1 = snode("t1", "target", this.targetUrl);
    return { pmap: { p1 }, tmap: { t1 }, proxy_si: p1, uuid: "fake", creation_time: "", version: "3" };
  }
}

export interface FakeJob {
  readonly id: string;
  readonly kind: string;
  readonly bucket: string;
  readonly destination: string;
  readonly objects: number;
}

function jobStatus(job: FakeJob | undefined): object {
  return { kind: job?.kind, uuid: job?.id, err: "", end_time: 1_700_000_000_000_000_000n, aborted: false };
}

function jobSnap({ id, kind, bucket, destination, objects }: FakeJob): object {
  const none = { name: "", provider: "", namespace: { uuid: "", name: "" } };
  const named = (name: string) => ({ ...none, name, provider: "ais" });
  return {
    id,
    kind,
    bck: destination === "" ? named(bucket) : none,
    "src-bck": destination === "" ? none : named(bucket),
    "dst-bck": destination === "" ? none : named(destination),
    "start-time": "2026-01-02T03:04:05Z",
    "end-time": "2026-01-02T03:04:07.5Z",
    stats: { "loc-objs": String(objects), "loc-bytes": "0", "out-objs": "0", "out-bytes": "0" },
    aborted: false,
    is_idle: true,
    "abort-err": "",
    err: "",
  };
}

function summaryOf(objects: ReadonlyMap<string, Uint8Array>, prefix: string): object {
  const sizes = [...objects].filter(([name]) => name.startsWith(prefix)).map(([, bytes]) => bytes.length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return {
    ObjCount: { obj_count_present: String(sizes.length) },
    TotalSize: { size_all_present_objs: String(total) },
  };
}

function listPage(objects: ReadonlyMap<string, Uint8Array>, value: Record<string, string | number>): unknown {
  const after = String(value.continuation_token || value.start_after || "");
  const names = [...objects.keys()]
    .filter((name) => name.startsWith(String(value.prefix ?? "")) && name > after)
    .sort();
  const size = Number(value.pagesize) || 1000;
  const page = names.slice(0, size);
  return {
    uuid: "listing-1",
    continuation_token: names.length > size ? page.at(-1) : "",
    entries: page.map((name) => ({
      name,
      size: String(objects.get(name)?.length ?? 0),
      flags: ENTRY_FLAGS.cached,
    })),
    flags: 0,
  };
}

function sendObject(
  method: string,
  bytes: Uint8Array,
  checksumValue: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const headers = {
    [HEADERS.checksumType]: "md5",
    [HEADERS.checksumValue]: checksumValue,
    [HEADERS.version]: "1",
    [HEADERS.customMd]: ["a=1", "b=x, y"],
  };
  if (method === "HEAD") response.writeHead(200, { ...headers, "content-length": bytes.length }).end();
  else sendRange(response, bytes, request.headers.range, headers);
}

function sendRange(
  response: ServerResponse,
  bytes: Uint8Array,
  range: string | undefined,
  headers: Readonly<Record<string, string | string[]>>,
): void {
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
  if (match === null) {
    response.writeHead(200, { ...headers, "content-length": bytes.length }).end(bytes);
    return;
  }
  const first = Number(match[1]);
  const last = match[2] === "" ? bytes.length - 1 : Math.min(Number(match[2]), bytes.length - 1);
  response.writeHead(206, {
    ...headers,
    "content-length": last - first + 1,
    "content-range": `bytes ${first}-${last}/${bytes.length}`,
  });
  response.end(bytes.subarray(first, last + 1));
}

function send(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(encodeJson(value));
}

function fail(
  response: ServerResponse,
  method: string,
  status: number,
  tcode: string,
  message: string,
): void {
  const body = encodeJson({ tcode, message, status, node: "t[t1]" });
  if (method === "HEAD") response.writeHead(status, { [HEADERS.error]: body.trimEnd() }).end();
  else response.writeHead(status, { "content-type": "application/json" }).end(body);
}

function missingBucket(name: string): string {
  const bucket = { name, provider: "ais", namespace: { uuid: "", name: "" } } as const;
  return `bucket "${bucketCname(bucket)}" does not exist`;
}

function snode(id: string, type: Snode["daemon_type"], url: string): Snode {
  const { hostname, port } = new URL(url);
  const net = { node_ip_addr: hostname, daemon_port: port, direct_url: url };
  return {
    public_net: net,
    intra_control_net: net,
    intra_data_net: net,
    daemon_type: type,
    daemon_id: id,
    flags: 0,
    id_digest: 17_000_000_000_000_000_001n,
  };
}

async function collect(request: IncomingMessage): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks;
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
