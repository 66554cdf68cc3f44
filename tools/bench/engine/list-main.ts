/** Lists as AIStore's clients do: GET with a JSON body, pages in MessagePack, decoded whole. */
import { Agent, request } from "node:http";
import { actMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { bucketPath } from "@ais/wire/paths.ts";
import { unpack } from "msgpackr";
import type { ListResult, ListWork } from "./list-work.ts";

interface Page {
  readonly UUID: string;
  readonly ContinuationToken: string;
  readonly Entries: readonly unknown[];
}

const agent = new Agent({ keepAlive: true });

function fetchPage(endpoint: string, bucket: string, value: object): Promise<Page> {
  const body = encodeJson(actMsg(ACTIONS.list, value));
  const headers = {
    [HEADERS.contentType]: CONTENT_TYPES.json,
    [HEADERS.accept]: CONTENT_TYPES.msgpack,
    "content-length": Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${endpoint}${bucketPath(bucket)}`,
      { method: "GET", headers, agent },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on("data", (chunk: Buffer) => chunks.push(chunk));
        reply.on("error", reject);
        reply.on("end", () => {
          const bytes = Buffer.concat(chunks);
          if (reply.statusCode === 200) resolve(unpack(bytes) as Page);
          else reject(new Error(`status ${reply.statusCode}: ${bytes.toString()}`));
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function list(work: ListWork): Promise<ListResult> {
  const { endpoint, bucket } = work;
  const pageMs: number[] = [];
  const tokens: string[] = [];
  let entries = 0;
  const startedMs = performance.now();
  const timedPage = async (value: object): Promise<Page> => {
    const pageStartedMs = performance.now();
    const page = await fetchPage(endpoint, bucket, value);
    pageMs.push(performance.now() - pageStartedMs);
    entries += page.Entries.length;
    return page;
  };
  if (work.kind === "all") {
    for (let uuid = "", token = ""; ; ) {
      const page = await timedPage({ uuid, continuation_token: token });
      uuid = page.UUID;
      token = page.ContinuationToken;
      if (token === "") break;
      tokens.push(token);
    }
  } else {
    for (const { prefix, after } of work.starts) {
      await timedPage({ prefix, start_after: after, pagesize: work.pageSize });
    }
  }
  return { error: null, entries, seconds: (performance.now() - startedMs) / 1000, pageMs, tokens };
}

process.on("message", (work: ListWork) => {
  list(work).then(
    (result) => process.send?.(result),
    (error: unknown) =>
      process.send?.({ error: String(error), entries: 0, seconds: 0, pageMs: [], tokens: [] }),
  );
});
process.stdout.write("ready at 0\n");
