const PALETTE_SIZE = 12;

/** Gives each service a colour of the palette in `app.css` (`--service-0` and on), the same one on every page. */
export class ServiceColors {
  readonly #indexes = new Map<string, number>();

  /** The whole list, sorted, should come first: colours then do not depend on what was opened first. */
  learn(services: readonly string[]): void {
    for (const service of services) this.#index(service);
  }

  /** A CSS value. */
  of(service: string): string {
    return `var(--service-${this.#index(service)})`;
  }

  #index(service: string): number {
    const index = this.#indexes.get(service) ?? this.#indexes.size % PALETTE_SIZE;
    this.#indexes.set(service, index);
    return index;
  }
}
