/** What the record of a rebalance says of its purpose. Ours alone. */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";

const RebalanceArgsSchema = v.object({
  /** Objects move by this cluster map or a newer one. */
  smapVersion: v.pipe(v.string(), v.regex(/^\d+$/)),
  /** `rebalanceGoal` at its start: when that changes, another rebalance takes its place. */
  goal: v.string(),
  /** Among these placement is settled once it has ended well. */
  active: v.array(v.string()),
  /** These hold nothing then. */
  leaving: v.array(v.string()),
});

export type RebalanceArgs = Readonly<v.InferOutput<typeof RebalanceArgsSchema>>;

export function parseRebalanceArgs(value: unknown): RebalanceArgs {
  const result = v.safeParse(RebalanceArgsSchema, value);
  if (result.success) return result.output;
  throw new AisError("internal", `malformed arguments of a rebalance: ${result.issues[0].message}`);
}
