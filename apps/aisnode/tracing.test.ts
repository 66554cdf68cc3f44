/** How a node's environment and the cluster config decide on tracing. The span trees are tests/integration's. */
import { expect, test } from "bun:test";
import { TestCollector } from "@ais/testkit/collector.ts";
import { clusterDirectory, NodeProcess } from "./fixtures/node-process.ts";

const TIMEOUT_MS = 90_000;

async function section(node: NodeProcess): Promise<unknown> {
  const config = await (await fetch(`${node.url}/v1/cluster?what=cluster_config`)).json();
  return (config as { readonly tracing?: unknown }).tracing;
}

async function configure(node: NodeProcess, query: string): Promise<void> {
  expect((await fetch(`${node.url}/v1/cluster/set-config?${query}`, { method: "PUT" })).status).toBe(200);
}

/** Whether a request to this node is traced, told by its reply. */
async function isTraced(node: NodeProcess): Promise<boolean> {
  return (await fetch(`${node.url}/v1/daemon?what=smap`)).headers.has("traceresponse");
}

test(
  "a cluster made without tracing takes over the environment's section, and its config decides from then on",
  async () => {
    await using stack = new AsyncDisposableStack();
    const collector = stack.use(await TestCollector.start());
    const directories = stack.use(await clusterDirectory());
    const env = { AIS_TRACING_ENDPOINT: collector.endpoint, OTEL_BSP_SCHEDULE_DELAY: "20" };
    const tags = ["oteltracing"];

    const before = await NodeProcess.start(directories.proxyArgs("proxy-one"), { tags });
    expect([await section(before), await isTraced(before)]).toEqual([undefined, false]);
    expect(await before.stop()).toBe(0);

    const proxy = stack.use(await NodeProcess.start(directories.proxyArgs("proxy-one"), { tags, env }));
    const target = stack.use(await NodeProcess.start(directories.targetArgs("target-one"), { tags, env }));
    expect(await section(proxy)).toMatchObject({ enabled: true, exporter_endpoint: collector.endpoint });
    expect([await isTraced(proxy), await isTraced(target)]).toEqual([true, true]);

    await configure(proxy, "tracing.enabled=false");
    expect([await isTraced(proxy), await isTraced(target)]).toEqual([false, false]);
    await configure(proxy, "tracing.enabled=true&tracing.service_name_prefix=lab");
    expect(await isTraced(target)).toBe(true);
    await collector.until(() => collector.spans.some(({ serviceName }) => serviceName === "lab-target"));
  },
  TIMEOUT_MS,
);

test(
  "a flag wins over the cluster config, on its node alone",
  async () => {
    await using stack = new AsyncDisposableStack();
    const collector = stack.use(await TestCollector.start());
    const directories = stack.use(await clusterDirectory());
    const tags = ["oteltracing"];
    const proxy = stack.use(await NodeProcess.start(directories.proxyArgs("proxy-one"), { tags }));
    await configure(proxy, "log.level=3");
    const flags = ["--tracing-endpoint", `http://${collector.endpoint}`];
    const target = stack.use(
      await NodeProcess.start([...directories.targetArgs("target-one"), ...flags], { tags }),
    );
    expect([await isTraced(target), await isTraced(proxy), await section(proxy)]).toEqual([
      true,
      false,
      undefined,
    ]);
  },
  TIMEOUT_MS,
);
