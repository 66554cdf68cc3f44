/** The part of a trace's time that the waterfall shows. */
export class ViewWindow {
  readonly #totalUs: number;
  readonly #changed: () => void;
  #fromUs = 0;
  #toUs: number;

  constructor(totalUs: number, changed: () => void) {
    this.#totalUs = Math.max(totalUs, 1);
    this.#toUs = this.#totalUs;
    this.#changed = changed;
  }

  get fromUs(): number {
    return this.#fromUs;
  }

  get toUs(): number {
    return this.#toUs;
  }

  get totalUs(): number {
    return this.#totalUs;
  }

  get isWhole(): boolean {
    return this.#fromUs === 0 && this.#toUs === this.#totalUs;
  }

  /** 0 at the left edge, 1 at the right; outside of both for what is not in view. */
  place(us: number): number {
    return (us - this.#fromUs) / (this.#toUs - this.#fromUs);
  }

  show(fromUs: number, toUs: number): void {
    const least = Math.max(this.#totalUs / 1e5, 0.05);
    const from = Math.max(0, Math.min(fromUs, toUs));
    const to = Math.min(this.#totalUs, Math.max(fromUs, toUs));
    this.#fromUs = Math.min(from, this.#totalUs - least);
    this.#toUs = Math.max(to, this.#fromUs + least);
    this.#changed();
  }

  showAll(): void {
    this.show(0, this.#totalUs);
  }

  /** Keeps the point at `share` of the width where it is. */
  zoom(factor: number, share: number): void {
    const width = this.#toUs - this.#fromUs;
    const at = this.#fromUs + width * share;
    this.show(at - width * factor * share, at + width * factor * (1 - share));
  }

  /** Shows as much as now, with `us` in the middle. */
  center(us: number): void {
    this.pan(this.place(us) - 0.5);
  }

  /** By a share of what is shown; no further than to the ends. */
  pan(share: number): void {
    const width = this.#toUs - this.#fromUs;
    const by = Math.min(Math.max(width * share, -this.#fromUs), this.#totalUs - this.#toUs);
    this.show(this.#fromUs + by, this.#toUs + by);
  }
}
