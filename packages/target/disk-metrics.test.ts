import { afterAll, beforeAll, expect, test } from "bun:test";
import { createNodeMetrics } from "@ais/node/metrics/node-metrics.ts";
import { RecordingTracing } from "@ais/node/testing/recording-tracing.ts";
import type { DiskRates } from "@ais/storage/disk-rates.ts";
import type { MountpathCapacity } from "@ais/storage/types.ts";
import { exposeDisks } from "./disk-metrics.ts";
import { startTargetFixture, type TargetFixture } from "./testing/target-fixture.ts";

let fixture: TargetFixture;
beforeAll(async () => {
  fixture = await startTargetFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const GAUGES = ["disk_read_bps", "disk_write_bps", "disk_avg_rsize", "disk_avg_wsize", "disk_util"];

function mountpath(path: string, device: string): MountpathCapacity {
  return { path, device, usedBytes: 0, availableBytes: 0, fsType: "ext4", fsId: "1,0" };
}

function rates(readBytes: number): DiskRates {
  return {
    readBytes,
    averageReadBytes: 4096,
    writtenBytes: 70,
    averageWriteBytes: 7,
    utilization: 12,
  };
}

/** Metrics of a target with two disks, and what its meter was asked for. */
function twoDisks() {
  const metrics = createNodeMetrics({ role: "target", nodeId: "t1", tracing: new RecordingTracing() });
  const asked: (readonly string[])[] = [];
  const devices = ["/dev/no-such-a", "/dev/no-such-b", "/dev/no-such-a", "server:/export"];
  const store = { capacity: () => devices.map((device, index) => mountpath(`/mp${index}`, device)) };
  exposeDisks(metrics, store, {
    async read(disks) {
      asked.push(disks);
      return new Map(disks.map((disk, index) => [disk, rates(100 * asked.length + index)]));
    },
  });
  return { metrics, asked };
}

test("a scrape looks at each disk once and tells it apart", async () => {
  const { metrics, asked } = twoDisks();
  await metrics.expose(null);
  const { body } = await metrics.expose(null);
  expect(asked).toEqual([
    ["no-such-a", "no-such-b"],
    ["no-such-a", "no-such-b"],
  ]);
  expect(body.split("\n").filter((text) => text.startsWith("ais_target_disk_"))).toEqual([
    'ais_target_disk_read_bps{node_id="t1",disk="no-such-a"} 200',
    'ais_target_disk_read_bps{node_id="t1",disk="no-such-b"} 201',
    'ais_target_disk_avg_rsize{node_id="t1",disk="no-such-a"} 4096',
    'ais_target_disk_avg_rsize{node_id="t1",disk="no-such-b"} 4096',
    'ais_target_disk_write_bps{node_id="t1",disk="no-such-a"} 70',
    'ais_target_disk_write_bps{node_id="t1",disk="no-such-b"} 70',
    'ais_target_disk_avg_wsize{node_id="t1",disk="no-such-a"} 7',
    'ais_target_disk_avg_wsize{node_id="t1",disk="no-such-b"} 7',
    'ais_target_disk_util{node_id="t1",disk="no-such-a"} 12',
    'ais_target_disk_util{node_id="t1",disk="no-such-b"} 12',
  ]);
});

test("processes of one node that see the same disk are not added up", async () => {
  const [main, other] = [twoDisks().metrics, twoDisks().metrics];
  await other.refresh();
  const { body } = await main.expose(null, [other.dump()]);
  expect(body).toContain('ais_target_disk_util{node_id="t1",disk="no-such-a"} 12\n');
});

test("the tracker and the list of metrics have them under their internal names", async () => {
  const { metrics } = twoDisks();
  await metrics.refresh();
  expect(metrics.dump().tracker).toMatchObject({
    "disk.no-such-a.read.bps": 100,
    "disk.no-such-a.avg.rsize": 4096,
    "disk.no-such-b.write.bps": 70,
    "disk.no-such-b.avg.wsize": 7,
    "disk.no-such-b.util": 12,
  });
  expect(metrics.kinds()).toMatchObject({
    "get.n": "counter",
    "disk.no-such-a.read.bps": "compbw",
    "disk.no-such-b.write.bps": "compbw",
    "disk.no-such-b.avg.wsize": "gauge",
    "disk.no-such-b.util": "gauge",
  });
});

test("a target shows the disks that it is on", async () => {
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${fixture.port}${path}`);
  // Directories of tests may be on no disk that the kernel counts: then there is none here, and none there.
  const stats = (await (await get("/v1/daemon?what=disk")).json()) as { AllDiskStats: object };
  const disks = Object.keys(stats.AllDiskStats);
  // Rates are told 200 ms after the start, which `what=disk` may not have waited for.
  await Bun.sleep(250);
  const text = await (await get("/metrics")).text();
  const { tracker, capacity } = (await (await get("/v1/daemon?what=node_stats")).json()) as {
    tracker: object;
    capacity: { mountpaths: Record<string, { disks: readonly string[] }> };
  };
  // The Go command line counts them.
  const named = Object.values(capacity.mountpaths).flatMap((mountpath) => mountpath.disks);
  expect([...new Set(named)].sort()).toEqual([...disks].sort());
  const kinds = (await (await get("/v1/daemon?what=metrics")).json()) as object;
  for (const gauge of GAUGES) {
    expect(text).toContain(`# TYPE ais_target_${gauge} gauge\n`);
    const samples = [
      ...text.matchAll(new RegExp(`^ais_target_${gauge}\\{node_id="targetone",disk="(.+)"\\} \\d+$`, "gm")),
    ];
    expect(samples.map(([, disk]) => disk)).toEqual(disks);
  }
  for (const told of [tracker, kinds]) {
    const names = Object.keys(told).filter((name) => name.startsWith("disk."));
    expect(names).toHaveLength(GAUGES.length * disks.length);
  }
});
