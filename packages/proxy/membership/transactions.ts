/** Changes of the membership go one at a time, all at the primary (wire-compat 1.1). */
import { AisError } from "@ais/base/errors.ts";
import { openRebalance } from "../jobs/start-job.ts";
import type { ProxyServices } from "../services.ts";

export class MembershipTransactions {
  #action: string | null = null;

  get isOpen(): boolean {
    return this.#action !== null;
  }

  /** Throws `conflict` while another change is made. */
  async run<T>(action: string, change: () => Promise<T>): Promise<T> {
    if (this.#action !== null)
      throw new AisError("conflict", `cluster membership is busy: "${this.#action}" has not ended yet`);
    this.#action = action;
    try {
      return await change();
    } finally {
      this.#action = null;
    }
  }
}

/** Throws `conflict` while a rebalance runs. */
export function refuseWhileRebalancing(action: string, services: ProxyServices): void {
  const running = openRebalance(services);
  if (running === null) return;
  throw new AisError("conflict", `cannot "${action}": rebalance[${running.record.id}] is currently running`);
}
