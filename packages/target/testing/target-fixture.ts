/** A target with its real server and store over a cluster in memory, for tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStartGate } from "@ais/node/start-gate.ts";
import { memoryNode } from "@ais/node/testing/memory-member.ts";
import { type MemoryServices, memoryServices } from "@ais/node/testing/memory-services.ts";
import type { RecordedSpan } from "@ais/node/testing/recording-tracing.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { withBucket } from "@ais/wire/bmd.ts";
import { type Bprops, defaultBprops } from "@ais/wire/bprops.ts";
import type { Snode } from "@ais/wire/smap.ts";
import { createTarget, startTargetServer, type Target, type TargetOptions } from "../target.ts";

/** What a proxy adds to the query of a redirect. */
export const REDIRECTED = "pid=proxyone&utm=abc";

export interface TargetFixture extends AsyncDisposable {
  readonly port: number;
  readonly services: MemoryServices;
  readonly target: Target;
  /** URL of an object on this target, with the stamp of a redirect. */
  url(objectName: string, query?: string): string;
  /** Creates a bucket in what the coordinator holds. */
  addBucket(name: string, bid: bigint, change?: (props: Bprops) => Bprops): void;
  /** The newest SERVER span. */
  span(): RecordedSpan;
}

export interface TargetFixtureOptions extends Pick<TargetOptions, "faults" | "promoteRoot"> {
  /** Other nodes of the cluster, besides a proxy. */
  readonly peers?: readonly Snode[];
}

/** The bucket `nnn` is there and known to the target. */
export async function startTargetFixture(
  nodeId = "targetone",
  { peers = [], ...options }: TargetFixtureOptions = {},
): Promise<TargetFixture> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "target-"));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const roleResources = stack.use(new AsyncDisposableStack());
  const gate = createStartGate();
  const server = await startTargetServer({
    hostname: "127.0.0.1",
    port: 0,
    handler: gate.handler,
    idleTimeoutMs: 30_000,
  });
  stack.defer(() => server.stop(1000));
  const services = memoryServices(memoryNode("target", nodeId, server.port), [
    memoryNode("proxy", "proxyone", 1),
    ...peers,
  ]);
  const { member } = services;
  const addBucket: TargetFixture["addBucket"] = (name, bid, change = (props) => props) =>
    member.changeBmd((bmd) =>
      withBucket(bmd, aisBucket(name), change(defaultBprops(member.newest.config, { bid, createdNs: 1n }))),
    );
  addBucket("nnn", 1n);
  member.deliver("bmd");
  const mountpaths = [join(directory, "mp1"), join(directory, "mp2")];
  const target = roleResources.use(await createTarget({ ...services, ...options, mountpaths }));
  await target.sweep.idle();
  gate.open(target.handler);
  const resources = stack.move();
  return {
    port: server.port,
    services,
    target,
    url: (objectName, query = "") => {
      const path = encodeURIComponent(objectName).replaceAll("%2F", "/");
      return `http://127.0.0.1:${server.port}/v1/objects/nnn/${path}?${REDIRECTED}${query === "" ? "" : `&${query}`}`;
    },
    addBucket,
    span: () => {
      const spans = services.tracing.roots.filter(({ kind }) => kind === 2);
      return spans.at(-1) ?? services.tracing.last;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
