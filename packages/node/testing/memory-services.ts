/** Services of a node over parts in memory, for tests. */
import { systemClock } from "@ais/base/clock.ts";
import type { LogFields, LogLevel, LogSpan } from "@ais/base/log.ts";
import { MemoryJobs } from "@ais/cluster/fixtures/memory-jobs.ts";
import { localConfig } from "@ais/wire/local-config.ts";
import type { Snode } from "@ais/wire/smap.ts";
import type { NodeServices } from "../call.ts";
import { IntraAuth } from "../intra-auth.ts";
import { isAtLeast, levelOfVerbosity } from "../log-level.ts";
import type { NodeLogger } from "../logger.ts";
import { createNodeMetrics } from "../metrics/node-metrics.ts";
import { memoryNodeConfigs } from "../node-config.ts";
import { createNodeRequests } from "../requests/node-requests.ts";
import { createSystemInfo } from "../system-info.ts";
import { NO_WORKERS } from "../workers/workers.ts";
import { MemoryMember } from "./memory-member.ts";
import { RecordingTracing } from "./recording-tracing.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
  readonly traceId: string | null;
}

export class MemoryLogger implements NodeLogger {
  readonly lines: LogLine[] = [];
  verbosity = "5";

  setVerbosity(verbosity: string): void {
    this.verbosity = verbosity;
  }
  isEnabled(level: LogLevel): boolean {
    return isAtLeast(level, levelOfVerbosity(this.verbosity));
  }
  log(level: LogLevel, message: string, fields: LogFields = {}, span?: LogSpan): void {
    this.lines.push({ level, message, fields, traceId: span?.recording ? span.context.traceId : null });
  }
  async read(): Promise<string> {
    return this.lines.map(({ message }) => `${message}\n`).join("");
  }
  async files(): Promise<readonly string[]> {
    return [];
  }
  append(): void {}
  async flush(): Promise<void> {}
  async rotate(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Nodes in memory are all of one cluster. */
export function memoryAuth(nodeId: string): IntraAuth {
  return new IntraAuth({ key: new Uint8Array(32), nodeId, clock: systemClock });
}

export interface MemoryServices extends NodeServices {
  readonly member: MemoryMember;
  readonly tracing: RecordingTracing;
  readonly logger: MemoryLogger;
}

export function memoryServices(self: Snode, peers: readonly Snode[] = []): MemoryServices {
  const tracing = new RecordingTracing();
  const role = self.daemon_type;
  const port = Number(self.public_net.daemon_port);
  const nodeId = self.daemon_id;
  const member = new MemoryMember(self, peers);
  const logger = new MemoryLogger();
  const intraAuth = memoryAuth(nodeId);
  const metrics = createNodeMetrics({ role, nodeId, tracing });
  return {
    member,
    tracing,
    logger,
    metrics,
    intraAuth,
    requests: createNodeRequests({ nodeId, member, tracing, logger, metrics, intraAuth }),
    jobs: new MemoryJobs(),
    system: createSystemInfo(systemClock),
    nodeConfig: memoryNodeConfigs({ member, logger }),
    workers: NO_WORKERS,
    stopNode() {},
    facts: {
      role,
      id: self.daemon_id,
      startedMonotonicMs: performance.now(),
      localConfig: localConfig({
        mountpaths: [],
        confDir: "/conf",
        logDir: "/log",
        hostname: "127.0.0.1",
        port,
      }),
      deployment: "linux",
      podName: "",
      buildTime: "",
    },
  };
}
