/** What a node knows of its cluster at one moment. Immutable: a request reads one snapshot from start to end. */
import type { Bmd } from "@ais/wire/bmd.ts";
import type { ClusterConfig } from "@ais/wire/cluster-config.ts";
import type { Rmd } from "@ais/wire/rmd.ts";
import type { Smap } from "@ais/wire/smap.ts";

export interface ClusterSnapshot {
  readonly smap: Smap;
  readonly bmd: Bmd;
  readonly config: ClusterConfig;
  readonly rmd: Rmd;
}

export type DocumentName = "smap" | "bmd" | "config" | "rmd";
