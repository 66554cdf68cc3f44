/** The operands `[NAME] [JOB_ID] [NODE_ID] [BUCKET]` of job commands, which AIStore takes in any order. */
import type { JobSelector, JobSnap } from "@ais/client/job-api.ts";
import { type Bck, bucketCname } from "@ais/wire/bck.ts";
import { findJobKind, JOB_KINDS, type JobKind } from "@ais/wire/jobs/job-kinds.ts";
import { findNode } from "@ais/wire/smap.ts";
import { nodeIdOf } from "../cluster/node-states.ts";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../errors.ts";
import { isUri, parseBucketUri } from "../uri.ts";

export interface JobWords {
  /** Of a kind, a display name, or what several begin with (`copy`); empty for any. */
  readonly kinds: readonly JobKind[];
  readonly id: string;
  readonly nodeId: string;
  readonly bucket: Bck | null;
  /** As typed, for messages. */
  readonly text: string;
}

export const JOB_WORDS_HELP = "NAME such as copy-bucket or copy, JOB_ID, NODE_ID, BUCKET, in any order";

/** Throws `UsageError` when two words are the same thing, or one is empty. The cluster map says which words are nodes. */
export async function parseJobWords(context: CommandContext, words: readonly string[]): Promise<JobWords> {
  let kinds: readonly JobKind[] = [];
  let id = "";
  let nodeId = "";
  let bucket: Bck | null = null;
  const repeated = (word: string, what: string): UsageError =>
    new UsageError(`"${word}" is a second ${what}`);
  for (const word of words) {
    // No word selects every job: one that is empty was to be something.
    if (word.trim() === "") throw new UsageError("a job, kind of jobs, node or bucket is an empty text");
    const named = kindsOf(word);
    if (isUri(word)) {
      if (bucket !== null) throw repeated(word, "bucket");
      bucket = parseBucketUri(word);
    } else if (named.length > 0) {
      if (kinds.length > 0) throw repeated(word, "kind of job");
      kinds = named;
    } else if (await isNode(context, word, words.length)) {
      if (nodeId !== "") throw repeated(word, "node");
      nodeId = nodeIdOf(word);
    } else {
      if (id !== "") throw repeated(word, "job");
      id = word;
    }
  }
  return { kinds, id, nodeId, bucket, text: words.join(" ") };
}

/** One word alone that is no kind is a job: no other call is needed to find out. */
async function isNode(context: CommandContext, word: string, wordCount: number): Promise<boolean> {
  if (nodeIdOf(word) !== word) return true;
  return wordCount > 1 && findNode(await context.client.cluster.smap(), word) !== null;
}

function kindsOf(word: string): readonly JobKind[] {
  const exact = findJobKind(word === "ls" ? "list" : word);
  if (exact !== null) return [exact];
  const known = Object.entries(JOB_KINDS) as [JobKind, { readonly displayName: string }][];
  return known
    .filter(([kind, { displayName }]) => (displayName || kind).startsWith(`${word.toLowerCase()}-`))
    .map(([kind]) => kind);
}

/** Snaps of what the words select; of one bucket those that it is the source or the destination of. */
export async function selectedSnaps(
  { client }: CommandContext,
  { kinds, id, nodeId, bucket }: JobWords,
  onlyRunning: boolean,
): Promise<readonly JobSnap[]> {
  const common: JobSelector = {
    onlyRunning: onlyRunning && id === "",
    ...(id === "" ? {} : { id }),
    ...(bucket === null ? {} : { bucket }),
  };
  const [first, ...others] = kinds;
  const selectors: readonly JobSelector[] =
    first === undefined ? [common] : [first, ...others].map((kind) => ({ ...common, kind }));
  const found = await Promise.all(selectors.map((selector) => client.jobs.snaps(selector)));
  return found.flat().filter(({ targetId }) => nodeId === "" || targetId === nodeId);
}

/** `lru`, `copy-bck, copy-listrange of ais://b`. */
export function selectionText({ kinds, bucket }: JobWords): string {
  const what = kinds.join(", ");
  return bucket === null ? what : `${what}${what === "" ? "jobs" : ""} of ${bucketCname(bucket)}`;
}
