/** Spans of jobs (tracing.md 4): one root a node, one child a phase, none for single objects. */
export const JOB_SPAN = {
  root: (kind: string): string => `ais.job ${kind}`,
  phase: (name: string): string => `ais.job.${name}`,
} as const;

export const JOB_ATTRIBUTE = {
  id: "ais.job.id",
  kind: "ais.job.kind",
  bucket: "ais.bucket",
  destination: "ais.job.destination",
  /** How often a process of this node began the share: more than 1 after a restart. */
  runs: "ais.job.runs",
  /** Only of a share that goes over its objects once more: how often the job was repeated. */
  round: "ais.job.round",
  units: "ais.job.units",
  objects: "ais.job.objects",
  bytes: "ais.job.bytes",
  waits: "ais.job.waits",
  outcome: "ais.job.outcome",
} as const;
