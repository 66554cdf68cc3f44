import type { DocumentName } from "./snapshot.ts";

/** Where things are in the coordinator. */
export const KEYS = {
  /** Says by which rules the other keys are to be read. */
  layout: "layout",
  /** Id of the primary proxy, under its lease. */
  election: "election/primary",
  /** One record for each live node, under its lease. */
  nodePrefix: "nodes/",
  /** What nodes share and show to nobody. */
  secretPrefix: "secrets/",
} as const;

export const DOCUMENT_NAMES = ["smap", "bmd", "config", "rmd"] as const satisfies readonly DocumentName[];

export function nodeKey(id: string): string {
  return KEYS.nodePrefix + id;
}

export function secretKey(name: string): string {
  return KEYS.secretPrefix + name;
}

export function isDocumentName(key: string): key is DocumentName {
  return (DOCUMENT_NAMES as readonly string[]).includes(key);
}
