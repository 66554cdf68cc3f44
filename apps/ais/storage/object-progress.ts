/** How far a check has come: a bar on a terminal, otherwise nothing. */
import type { MountpathReport } from "@ais/wire/storage-report.ts";
import type { CommandContext } from "../context.ts";

export interface ObjectProgress {
  show(reports: readonly MountpathReport[]): void;
  stop(): void;
}

const NO_PROGRESS: ObjectProgress = { show() {}, stop() {} };

export async function startObjectProgress(
  { io, settings }: CommandContext,
  title: string,
): Promise<ObjectProgress> {
  if (!io.stderrIsTerminal || settings.json) return NO_PROGRESS;
  const { default: cliProgress } = await import("cli-progress");
  const bars = new cliProgress.MultiBar({
    format: "{title} [{bar}] {percentage} %  {shown}",
    barCompleteChar: "=",
    barIncompleteChar: "-",
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
    fps: 5,
  });
  const bar = bars.create(1, 0, { title, shown: "" });
  return {
    show(reports) {
      const objects = reports.reduce((sum, report) => sum + report.objects, 0);
      const expected = reports.reduce((sum, report) => sum + (report.expected_objects ?? report.objects), 0);
      bar.setTotal(Math.max(expected, objects, 1));
      bar.update(objects, { shown: `${objects} objects` });
    },
    stop: () => bars.stop(),
  };
}
