/** How each document is kept as text, and how its version is counted. */
import { AisError, errorText } from "@ais/base/errors.ts";
import { type Bmd, parseBmd } from "@ais/wire/bmd.ts";
import { type ClusterConfig, parseClusterConfig } from "@ais/wire/cluster-config.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { parseRmd, type Rmd } from "@ais/wire/rmd.ts";
import { parseSmap, type Smap } from "@ais/wire/smap.ts";
import type { DocumentName } from "./snapshot.ts";

export interface DocumentTypes {
  readonly smap: Smap;
  readonly bmd: Bmd;
  readonly config: ClusterConfig;
  readonly rmd: Rmd;
}

interface DocumentCodec<T> {
  parse(text: string): T;
  version(document: T): string;
  /** `next` as the successor of `current`: version and time stamps move on, identity stays. */
  succeed(current: T, next: T, nowMs: number): T;
}

const CODECS: { readonly [N in DocumentName]: DocumentCodec<DocumentTypes[N]> } = {
  smap: {
    parse: parseSmap,
    version: (smap) => smap.version,
    succeed: (current, next) => ({ ...next, uuid: current.uuid, version: nextVersion(current.version) }),
  },
  bmd: {
    parse: parseBmd,
    version: (bmd) => bmd.version,
    succeed: (current, next) => ({ ...next, uuid: current.uuid, version: nextVersion(current.version) }),
  },
  config: {
    parse: parseClusterConfig,
    version: (config) => config.config_version,
    succeed: (current, next, nowMs) => ({
      ...next,
      uuid: current.uuid,
      config_version: nextVersion(current.config_version),
      lastupdate_time: configTime(nowMs),
    }),
  },
  rmd: {
    parse: parseRmd,
    version: (rmd) => rmd.version,
    succeed: (current, next) => ({
      ...next,
      cluster_id: current.cluster_id,
      version: nextVersion(current.version),
    }),
  },
};

export function codecOf<N extends DocumentName>(name: N): DocumentCodec<DocumentTypes[N]> {
  return CODECS[name];
}

/** Text from the coordinator. What is wrong with it is no fault of whoever is being served: `internal`. */
export function parseDocument<N extends DocumentName>(name: N, text: string): DocumentTypes[N] {
  try {
    return codecOf(name).parse(text);
  } catch (cause) {
    throw new AisError("internal", `cluster document "${name}" is malformed: ${errorText(cause)}`, { cause });
  }
}

export function encodeDocument<N extends DocumentName>(_name: N, document: DocumentTypes[N]): string {
  return encodeJson(document);
}

function nextVersion(version: string): string {
  return String(BigInt(version) + 1n);
}

/** As `lastupdate_time` is written on the wire: `2026-08-11 12:00:00.123 +0000 UTC`. */
export function configTime(nowMs: number): string {
  return `${new Date(nowMs).toISOString().replace("T", " ").replace("Z", "")} +0000 UTC`;
}

/** As `creation_time` of an Smap: `2026-08-11 12:00:00`, in UTC. */
export function smapTime(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 19).replace("T", " ");
}
