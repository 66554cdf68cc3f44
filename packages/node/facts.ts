/** What does not change while a daemon runs. */
import type { LocalConfig } from "@ais/wire/local-config.ts";
import type { DaemonType } from "@ais/wire/smap.ts";

export interface NodeFacts {
  readonly role: DaemonType;
  readonly id: string;
  /** `Clock.monotonicMs()` at the start of the process's daemon: uptime counts from here. */
  readonly startedMonotonicMs: number;
  readonly localConfig: LocalConfig;
  /** `dev`, `K8s` or the name of the operating system (wire-compat 5.3). */
  readonly deployment: string;
  /** Empty outside Kubernetes. */
  readonly podName: string;
  readonly buildTime: string;
}
