/** Progress of a transfer: bars on a terminal, plain lines where asked for without one, else nothing. */
import type { CliIo } from "../io.ts";
import { formatRate, formatSize } from "./units.ts";

export interface Progress {
  bytes(count: number): void;
  item(): void;
  stop(): void;
}

export interface ProgressPlan {
  /** `Uploaded` or `Downloaded`. */
  readonly verb: string;
  readonly items: number;
  /** Zero when unknown. */
  readonly totalBytes: number;
  /** `--progress` was given. */
  readonly forced: boolean;
}

/** Transfers below both are over before a bar says anything. */
const BAR_BYTES_MIN = 32 * 1024 * 1024;
const BAR_ITEMS_MIN = 20;
const PLAIN_INTERVAL_MS = 5000;

const silent: Progress = { bytes() {}, item() {}, stop() {} };

export async function startProgress(io: CliIo, plan: ProgressPlan): Promise<Progress> {
  if (!io.stderrIsTerminal) return plan.forced ? plainProgress(io, plan) : silent;
  if (!plan.forced && plan.totalBytes < BAR_BYTES_MIN && plan.items < BAR_ITEMS_MIN) return silent;
  return barProgress(plan);
}

function plainProgress(io: CliIo, plan: ProgressPlan): Progress {
  let items = 0;
  let bytes = 0;
  let reportedAtMs = performance.now();
  const report = (): void => {
    reportedAtMs = performance.now();
    const itemPercent = percent(items, plan.items);
    const bytePercent = plan.totalBytes === 0 ? "" : ` (${percent(bytes, plan.totalBytes)}%)`;
    io.err(`${plan.verb} ${items}(${itemPercent}%) objects, ${formatSize(bytes, "iec", 1)}${bytePercent}.\n`);
  };
  const reportWhenDue = (): void => {
    if (performance.now() - reportedAtMs >= PLAIN_INTERVAL_MS) report();
  };
  return {
    bytes(count) {
      bytes += count;
      reportWhenDue();
    },
    item() {
      items++;
      reportWhenDue();
    },
    stop: report,
  };
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((100 * part) / whole);
}

async function barProgress(plan: ProgressPlan): Promise<Progress> {
  const { default: cliProgress } = await import("cli-progress");
  const bars = new cliProgress.MultiBar({
    format: "{title} {shown} [{bar}] {percentage} %  {rate}",
    barCompleteChar: "=",
    barIncompleteChar: "-",
    barsize: 22,
    hideCursor: true,
    clearOnComplete: false,
    stream: process.stderr,
    fps: 10,
  });
  const startedAtMs = performance.now();
  const itemBar =
    plan.items > 1 ? bars.create(plan.items, 0, { title: `${plan.verb} files:`, rate: "" }) : null;
  const byteBar =
    plan.totalBytes > 0 ? bars.create(plan.totalBytes, 0, { title: "Total size:    ", rate: "" }) : null;
  let items = 0;
  let bytes = 0;
  const update = (): void => {
    const seconds = Math.max((performance.now() - startedAtMs) / 1000, 0.001);
    itemBar?.update(items, { shown: `${items}/${plan.items}` });
    byteBar?.update(bytes, {
      shown: `${formatSize(bytes, "iec")}/${formatSize(plan.totalBytes, "iec")}`,
      rate: formatRate(bytes / seconds, "iec", 1),
    });
  };
  update();
  return {
    bytes(count) {
      bytes += count;
      update();
    },
    item() {
      items++;
      update();
    },
    stop() {
      update();
      bars.stop();
    },
  };
}
