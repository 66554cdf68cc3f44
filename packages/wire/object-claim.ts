/** What the owner of an object asks of other targets while placement is not settled: `intra.hand-over`, `intra.drop`. Ours alone. */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { decodeJson } from "./json.ts";

const Digits = v.pipe(v.string(), v.regex(/^\d+$/));

const ClaimSchema = v.object({
  uname: v.string(),
  bid: Digits,
  /** Of the cluster map by which the caller owns the object: an older one is read anew. */
  smapVersion: Digits,
  /** Only what was written after this is of use to the caller; 0 when it has nothing. */
  newerThanNs: Digits,
  /** Of what is to be deleted: what was written after this stays. Absent when all of it goes. */
  notNewerThanNs: v.exactOptional(Digits),
  /** Only whether it is there, and of when, is asked for: nothing is sent yet. */
  looksOnly: v.exactOptional(v.boolean()),
});

export type ObjectClaim = Readonly<v.InferOutput<typeof ClaimSchema>>;

const ReplySchema = v.object({ found: v.boolean(), createdNs: v.exactOptional(Digits) });

export interface ClaimReply {
  /** The object was here, and is with the caller or gone by now. */
  readonly found: boolean;
  /** When what was looked for was written; absent when it is with the caller by now. */
  readonly createdNs?: string;
}

export function parseClaim(text: string): ObjectClaim {
  const result = v.safeParse(ClaimSchema, decodeJson(text));
  if (result.success) return result.output;
  throw new AisError("badRequest", `invalid claim of an object: ${result.issues[0].message}`);
}

export function parseClaimReply(text: string): ClaimReply {
  const result = v.safeParse(ReplySchema, decodeJson(text));
  if (result.success) return result.output;
  throw new AisError("internal", `invalid reply to a claim of an object: ${result.issues[0].message}`);
}
