/**
 * Steers the tracing of a daemon that runs, as an operator would. Two starts of one and the same program differ by some per
 * cent in what the runtime makes of it, which is more than the difference between the states that are compared here.
 */
import { sleep } from "@ais/base/lifecycle.ts";
import type { TracingStats } from "@ais/tracing/types.ts";
import { VARIANT_PLANS, type Variant } from "./variants.ts";

const POLL_MS = 20;
const STEER_MS = 10_000;

export interface SteeringOptions {
  readonly proxyUrl: string;
  readonly targetUrl: string;
  /** `host:port` of its collector. */
  readonly endpoint: string;
  /** Spans that the collector has received from it so far. */
  readonly countReceived: () => Promise<number>;
}

export class Steering {
  readonly #options: SteeringOptions;
  readonly #received = new Map<Variant, number>();
  #current: Variant = "disabled";
  #countBefore: number;

  private constructor(options: SteeringOptions, countBefore: number) {
    this.#options = options;
    this.#countBefore = countBefore;
  }

  /** Of a daemon that has just been started. */
  static async begin(options: SteeringOptions): Promise<Steering> {
    return new Steering(options, await options.countReceived());
  }

  /** Resolves when the daemon is in the state of `variant` and has sent all spans of the one before. */
  async to(variant: Variant): Promise<void> {
    const { proxyUrl, endpoint, countReceived } = this.#options;
    const { probability = null } = VARIANT_PLANS[variant];
    const tracing =
      probability === null
        ? { enabled: false }
        : { enabled: true, exporter_endpoint: `http://${endpoint}`, sampler_probability: probability };
    await setConfig(proxyUrl, { tracing });
    await this.#settled((stats) =>
      probability === null
        ? !stats.enabled
        : stats.enabled && stats.samplerProbability === Number(probability),
    );
    const count = await countReceived();
    const before = this.#received.get(this.#current) ?? 0;
    this.#received.set(this.#current, before + count - this.#countBefore);
    this.#countBefore = count;
    this.#current = variant;
  }

  /** Spans that the collector received, by the state in which they were made. */
  async received(): Promise<ReadonlyMap<Variant, number>> {
    await this.to("disabled");
    return this.#received;
  }

  async #settled(isSteered: (stats: TracingStats) => boolean): Promise<void> {
    const deadline = performance.now() + STEER_MS;
    for (;;) {
      const reply = await fetch(`${this.#options.targetUrl}/v1/daemon?what=tracing`);
      const stats = (await reply.json()) as TracingStats;
      if (isSteered(stats) && stats.spansQueued === 0) return;
      if (performance.now() > deadline) throw new Error(`not steered: ${JSON.stringify(stats)}`);
      await sleep(POLL_MS);
    }
  }
}

async function setConfig(proxyUrl: string, value: unknown): Promise<void> {
  const reply = await fetch(`${proxyUrl}/v1/cluster`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ action: "set-config", value }),
  });
  if (!reply.ok) throw new Error(`failed to set the config: ${await reply.text()}`);
}
