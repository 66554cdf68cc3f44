/** The processes of a trace, numbered as they are met, so that what they have in common with all their spans is told once. */
import { shownAttributes } from "./attributes.ts";
import type { TraceSpan } from "./span.ts";

export class ProcessList {
  /** By all that is known of a process: a backend may list one several times. */
  readonly #known = new Map<string, readonly string[]>();

  /** `process 2`; empty for a span of which no process is known. */
  nameOf({ service, resource }: Pick<TraceSpan, "service" | "resource">): string {
    const attributes = shownAttributes(resource);
    if (attributes.length === 0) return "";
    const key = JSON.stringify([service, attributes]);
    const known = this.#known.get(key);
    if (known !== undefined) return known[0] ?? "";
    const name = `process ${this.#known.size + 1}`;
    this.#known.set(key, [name, service, ...attributes.map(([at, value]) => `${at}=${value}`)]);
    return name;
  }

  /** Every process that was named, with its attributes. */
  lines(): readonly string[] {
    return [...this.#known.values()].flatMap(([name, service, ...attributes]) => [
      `${name}  ${service}`,
      ...attributes.map((line) => `  ${line}`),
    ]);
  }
}
