/** What the disks of the mountpaths do, in Prometheus and in the tracker (wire-compat 11.3). */
import type { MetricKind } from "@ais/node/metrics/names.ts";
import type { NodeMetrics } from "@ais/node/metrics/types.ts";
import type { DiskRates, DiskRatesMeter } from "@ais/storage/disk-rates.ts";
import type { ObjectStore } from "@ais/storage/types.ts";
import { diskNames, withDisks } from "./disks.ts";

type Gauge = readonly [name: string, kind: MetricKind, help: string, read: (rates: DiskRates) => number];

/** Between `disk.` and the names stands the disk's, in AIStore's internal names. */
const GAUGES: readonly Gauge[] = [
  ["read.bps", "compbw", "bytes read in a second, by disk", (rates) => rates.readBytes],
  ["avg.rsize", "gauge", "average bytes of one read, by disk", (rates) => rates.averageReadBytes],
  ["write.bps", "compbw", "bytes written in a second, by disk", (rates) => rates.writtenBytes],
  ["avg.wsize", "gauge", "average bytes of one write, by disk", (rates) => rates.averageWriteBytes],
  ["util", "gauge", "percentage of the time in which the disk was busy", (rates) => rates.utilization],
];

/** For one process of a node alone: the kernel counts what all of them do. */
export function exposeDisks(
  metrics: NodeMetrics,
  store: Pick<ObjectStore, "capacity">,
  meter: Pick<DiskRatesMeter, "read">,
): void {
  let disks: ReadonlyMap<string, DiskRates> = new Map();
  metrics.beforeReading(async () => {
    disks = await meter.read(diskNames(await withDisks(store.capacity())));
  });
  for (const [name, , help, read] of GAUGES) {
    const samples = () => [...disks].map(([disk, rates]) => [{ disk }, read(rates)] as const);
    metrics.collect(`disk_${name.replaceAll(".", "_")}`, help, "gauge", samples, "first");
  }
  metrics.track(() =>
    [...disks].flatMap(([disk, rates]) =>
      GAUGES.map(([name, kind, , read]) => ({ name: `disk.${disk}.${name}`, kind, value: read(rates) })),
    ),
  );
}
