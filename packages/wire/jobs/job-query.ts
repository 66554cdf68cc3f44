/** Which jobs a caller means: Go's `QueryMsg` and `ArgsMsg`, and the spellings of the Python SDK (wire-compat 6.2). */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { lowerCaseKeys } from "../act-msg.ts";
import { type Bck, parseProvider } from "../bck.ts";
import { decodeJson } from "../json.ts";
import { type JobKind, parseJobKind } from "./job-kinds.ts";

export interface JobQuery {
  /** Empty: by kind and bucket. Several when the caller gave a composite id. */
  readonly ids: readonly string[];
  readonly kind: JobKind | null;
  /** Empty: of any bucket. */
  readonly buckets: readonly Bck[];
  /** A target; empty for all. */
  readonly nodeId: string;
  readonly onlyRunning: boolean;
  readonly force: boolean;
  /** Bits of `JOB_FLAGS`. */
  readonly flags: number;
}

/** What the bits mean depends on the kind. */
export const JOB_FLAGS = {
  /** `cleanup-store`: objects without content go too. */
  removeEmpty: 1 << 0,
  latestVersion: 1 << 1,
  synchronize: 1 << 2,
  /** `cleanup-store`: objects at places where nobody looks for them stay. */
  keepMisplaced: 1 << 3,
  /** `rebalance`: removes such objects, and moves none. */
  removeMisplaced: 1 << 4,
} as const;

const text = v.nullish(v.string(), "");
const BckSchema = v.object({
  name: text,
  provider: text,
  namespace: v.nullish(v.object({ uuid: text, name: text }), { uuid: "", name: "" }),
});
const QueryEntries = {
  id: text,
  kind: text,
  bck: v.nullish(BckSchema),
  buckets: v.nullish(v.array(BckSchema), []),
  daemonid: text,
  node: text,
  show_active: v.nullish(v.boolean(), false),
  onlyrunning: v.nullish(v.boolean(), false),
  force: v.nullish(v.boolean(), false),
  // Of waiting, which clients do themselves.
  timeout: v.nullish(v.union([v.string(), v.number()])),
  flags: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
};
const QuerySchema = v.object(QueryEntries);
const ArgsSchema = v.strictObject(QueryEntries);

/** The body of a question: keys match in any case, null is absent, unknown ones say nothing, as to AIStore. */
export function parseJobQueryText(body: string): JobQuery {
  return parse(QuerySchema, body.trim() === "" ? {} : decodeJson(body));
}

/** What a job is started or stopped by: unknown keys are refused. Throws `badRequest` for an unknown kind or a malformed message. */
export function parseJobQuery(json: unknown): JobQuery {
  return parse(ArgsSchema, json);
}

function parse(schema: typeof QuerySchema | typeof ArgsSchema, json: unknown): JobQuery {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new AisError("badRequest", "invalid job query: expecting a JSON object");
  const result = v.safeParse(schema, lowerNested(lowerCaseKeys(json)));
  if (!result.success) throw new AisError("badRequest", `invalid job query: ${result.issues[0].message}`);
  const query = result.output;
  const named = [...(query.bck == null ? [] : [query.bck]), ...query.buckets].filter(
    ({ name }) => name !== "",
  );
  return {
    ids: query.id
      .split(",")
      .map((id) => id.trim())
      .filter((id) => id !== ""),
    kind: query.kind === "" ? null : parseJobKind(query.kind),
    buckets: named.map(({ name, provider, namespace }) => ({
      name,
      provider: parseProvider(provider),
      namespace,
    })),
    nodeId: query.daemonid || query.node,
    onlyRunning: query.show_active || query.onlyrunning,
    force: query.force,
    flags: query.flags,
  };
}

function lowerNested(json: Readonly<Record<string, unknown>>): unknown {
  const lower = (value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? lowerCaseKeys(value) : value;
  const { bck, buckets } = json;
  return { ...json, bck: lower(bck), buckets: Array.isArray(buckets) ? buckets.map(lower) : buckets };
}
