/** What a target asks the owner of objects while it synchronizes a copy: `intra.missing`. Ours alone. */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { decodeJson } from "./json.ts";
import { BckSchema } from "./list-page.ts";

/** Names in one question. */
export const MISSING_NAMES_MAX = 1024;

const Digits = v.pipe(v.string(), v.digits());
const RequestSchema = v.object({
  bucket: BckSchema,
  /** An answer about another bucket of that name would be a wrong one. */
  bid: Digits,
  /** Of the cluster map by which these objects belong to the target that is asked. */
  smapVersion: Digits,
  names: v.pipe(v.array(v.string()), v.maxLength(MISSING_NAMES_MAX), v.readonly()),
});

export type MissingRequest = Readonly<v.InferOutput<typeof RequestSchema>>;

export interface MissingReply {
  /** Of the names those that no object has. */
  readonly missing: readonly string[];
}

export function parseMissingRequest(text: string): MissingRequest {
  const result = v.safeParse(RequestSchema, decodeJson(text));
  if (result.success) return result.output;
  throw new AisError("badRequest", `invalid question for missing objects: ${result.issues[0].message}`);
}

export function parseMissingReply(text: string): MissingReply {
  const result = v.safeParse(v.object({ missing: v.array(v.string()) }), decodeJson(text));
  if (result.success) return result.output;
  throw new AisError("internal", `invalid reply about missing objects: ${result.issues[0].message}`);
}
