/** What targets have counted, at one moment. */
import type { AisClient } from "@ais/client/ais-client.ts";
import { asJsonObject, numberAt } from "@ais/client/json-view.ts";
import { WHAT } from "@ais/wire/queries.ts";
import { isActive } from "@ais/wire/smap.ts";
import { nodeIdOf } from "../cluster/node-states.ts";
import { UsageError } from "../errors.ts";

export interface Sample {
  readonly atMs: number;
  /** Figures by internal name (wire-compat 11.5), by target. */
  readonly targets: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

export interface Measured {
  /** In order of their ids. */
  readonly targetIds: readonly string[];
  /** Internal name to kind: `counter`, `size`, `total`, … */
  readonly kinds: Readonly<Record<string, string>>;
}

/** All targets that serve, or the one that is named. Throws `UsageError` when it is none. */
export async function chooseMeasured(client: AisClient, word: string): Promise<Measured> {
  const { tmap } = await client.cluster.smap();
  const serving = Object.values(tmap).filter(isActive);
  const targetIds = serving.map((node) => node.daemon_id).sort();
  const id = nodeIdOf(word);
  if (word !== "" && !targetIds.includes(id)) throw new UsageError(`no target "${id}" in the cluster`);
  const [first] = targetIds;
  if (first === undefined) throw new Error("the cluster has no active targets");
  const kinds = await client.cluster.node(first, WHAT.metrics);
  return {
    targetIds: word === "" ? targetIds : [id],
    kinds: Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, String(kind)])),
  };
}

export async function takeSample(client: AisClient, { targetIds }: Measured): Promise<Sample> {
  const answers = await Promise.all(
    targetIds.map(async (id): Promise<[string, Readonly<Record<string, number>>]> => {
      const tracker = asJsonObject((await client.cluster.node(id, WHAT.nodeStats))["tracker"]);
      return [
        id,
        Object.fromEntries(
          Object.keys(tracker).map((name) => [name, numberAt({ value: tracker[name] }, "value")]),
        ),
      ];
    }),
  );
  return { atMs: performance.now(), targets: new Map(answers) };
}
