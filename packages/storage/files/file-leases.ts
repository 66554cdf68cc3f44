/** Which object files are being read in this process, and how often. */
export class FileLeases {
  readonly #readers = new Map<bigint, number>();

  get count(): number {
    let count = 0;
    for (const readers of this.#readers.values()) count += readers;
    return count;
  }

  has(fileId: bigint): boolean {
    return this.#readers.has(fileId);
  }

  /** `onLast` is called when the file has no reader any more. */
  take(fileId: bigint, onLast: () => void): () => void {
    this.#readers.set(fileId, (this.#readers.get(fileId) ?? 0) + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const left = (this.#readers.get(fileId) ?? 1) - 1;
      if (left > 0) {
        this.#readers.set(fileId, left);
        return;
      }
      this.#readers.delete(fileId);
      onLast();
    };
  }
}
