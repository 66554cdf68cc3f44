/** An object on its way between targets for a job: `PUT /v1/intra/job-object`, described in one header. Ours alone. */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { CHECKSUM_TYPES } from "./checksum.ts";
import { freeRecord } from "./free-record.ts";
import { decodeJson } from "./json.ts";

/** Header that holds the description, JSON in base64url: names and values may be any Unicode. */
export const TRANSFER_HEADER = "Ais-Intra-Object";

const Digits = v.pipe(v.string(), v.regex(/^\d+$/));

const TransferSchema = v.object({
  /** Of the object where it goes to. */
  uname: v.string(),
  /** Of the destination's bucket, as the sender knows it. */
  bid: Digits,
  /** A receiver with an older BMD reads it anew. */
  bmdVersion: Digits,
  sizeBytes: v.number(),
  checksum: v.nullable(v.object({ type: v.picklist(CHECKSUM_TYPES), value: v.string() })),
  atimeNs: Digits,
  custom: freeRecord(v.string()),
  parts: v.nullable(v.object({ count: v.number(), largestBytes: v.number() })),
  /** An object that is there already stays: the reply says so. */
  keepExisting: v.boolean(),
  /** On the disk when it is acknowledged, whatever the bucket's policy says: where it comes from it is deleted then. */
  durable: v.nullish(v.boolean(), false),
  /** Of an object that moves to its new owner: it keeps these, and yields to one that is at least as new. */
  moved: v.nullish(v.object({ createdNs: Digits, version: v.string() }), null),
  /** Of the cluster map by which the receiver owns it: an older one is read anew. */
  smapVersion: v.nullish(Digits, "0"),
  /** The job that sends it. */
  jobId: v.string(),
});

export type ObjectTransfer = Readonly<v.InferOutput<typeof TransferSchema>>;

const ResultSchema = v.object({
  /** False when an object was there and was to be kept. */
  stored: v.boolean(),
  version: v.string(),
  checksum: v.nullable(v.object({ type: v.picklist(CHECKSUM_TYPES), value: v.string() })),
  atimeNs: Digits,
});

export type TransferResult = Readonly<v.InferOutput<typeof ResultSchema>>;

export function encodeTransfer(transfer: ObjectTransfer): string {
  const bytes = new TextEncoder().encode(JSON.stringify(transfer));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

export function decodeTransfer(header: string | null): ObjectTransfer {
  try {
    const text = new TextDecoder().decode(Uint8Array.fromBase64(header ?? "", { alphabet: "base64url" }));
    return v.parse(TransferSchema, decodeJson(text));
  } catch (cause) {
    throw new AisError("badRequest", `invalid ${TRANSFER_HEADER} header`, { cause });
  }
}

export function parseTransferResult(text: string): TransferResult {
  const result = v.safeParse(ResultSchema, decodeJson(text));
  if (result.success) return result.output;
  throw new AisError("internal", `invalid reply to an object transfer: ${result.issues[0].message}`);
}
