/** `intra.sync`: a node that changed a document waits until this one has seen the change. */

import { AisError } from "@ais/base/errors.ts";
import { backoffMs, sleep } from "@ais/base/lifecycle.ts";
import type { ClusterSnapshot, DocumentName } from "@ais/cluster/snapshot.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";
import { jsonReply } from "./replies.ts";

const WAIT_MAX_MS = 5000;
const RETRY_BASE_MS = 5;
const RETRY_CAP_MS = 250;

/** Replies with the version reached, at least the one asked for; `unavailable` when that takes longer than 5 s. */
export async function intraSync(call: Call, services: NodeServices): Promise<HttpReply> {
  const document = parseDocument(call.query.get(QUERY.document) ?? "");
  const wanted = call.query.get(QUERY.version) ?? "0";
  if (!/^\d{1,19}$/.test(wanted)) throw new AisError("badRequest", `invalid document version "${wanted}"`);
  const reached = await refreshUntil(document, BigInt(wanted), call, services);
  return jsonReply({ document, version: reached.toString() });
}

export function documentVersion(snapshot: ClusterSnapshot, document: DocumentName): bigint {
  return BigInt(document === "config" ? snapshot.config.config_version : snapshot[document].version);
}

async function refreshUntil(
  document: DocumentName,
  wanted: bigint,
  { span, request }: Call,
  { member }: NodeServices,
): Promise<bigint> {
  let version = documentVersion(member.snapshot, document);
  const deadline = performance.now() + WAIT_MAX_MS;
  for (let attempt = 0; version < wanted; attempt++) {
    if (attempt > 0) await sleep(backoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS), request.signal);
    version = documentVersion(await member.refresh(document, span), document);
    if (version < wanted && (request.signal.aborted || performance.now() > deadline)) {
      throw new AisError(
        "unavailable",
        `failed to sync ${document}: version is ${version}, wanted ${wanted}`,
      );
    }
  }
  return version;
}

function parseDocument(text: string): DocumentName {
  if (isDocument(text)) return text;
  throw new AisError("badRequest", `invalid document "${text}", expecting smap, bmd, config or rmd`);
}

function isDocument(text: string): text is DocumentName {
  return text === "smap" || text === "bmd" || text === "config" || text === "rmd";
}
