/** A mountpath in service. Objects come and go while it is looked at, so everything found is looked at again. */
import { keyPrefix } from "../index/key.ts";
import type { IndexRecord } from "../index/record.ts";
import { errorChainText } from "../storage-error.ts";
import type { OpenMountpath } from "../store-context.ts";
import type { MountpathView, RecordStep } from "./view.ts";

const KEYS_PER_BATCH = 256;

export class LiveView implements MountpathView {
  readonly mountpath: string;
  readonly #open: OpenMountpath;

  constructor(open: OpenMountpath) {
    this.mountpath = open.path;
    this.#open = open;
  }

  get expectedObjects(): number {
    return this.#open.index.objectCount;
  }

  /** Holds no cursor between steps: a long walk must not keep old pages of the index from being used again. */
  *records(withBodies: boolean): Generator<RecordStep> {
    const { index } = this.#open;
    let last: Uint8Array = keyPrefix(0n, "");
    for (;;) {
      const keys = index.keysAfter(last, KEYS_PER_BATCH);
      for (const key of keys) {
        last = key;
        const step = this.#read(key, withBodies);
        if (step !== null) yield step;
      }
      if (keys.length < KEYS_PER_BATCH) return;
    }
  }

  ownerOfFile(fileId: bigint): Uint8Array | null {
    return this.#open.index.keyOfFile(fileId);
  }

  hold(key: Uint8Array, record: IndexRecord): Disposable | null {
    const { index, removal } = this.#open;
    const current = index.find(key)?.record;
    if (current?.fileId !== record.fileId || current.createdNs !== record.createdNs) return null;
    const release = record.fileId === 0n ? () => {} : removal.lease(record.fileId);
    return { [Symbol.dispose]: release };
  }

  isBusy(fileId: bigint): boolean {
    const { fileIds, removal, guests } = this.#open;
    if (fileIds.isOpen(fileId) || removal.isPending(fileId)) return true;
    // Of a guest that starts no run is known, but it is not this one.
    return !fileIds.isOfThisRun(fileId) && guests?.mayWrite(fileId) === true;
  }

  async settled(): Promise<void> {
    await this.#open.index.commit(() => {});
    // What waits for the same transaction goes on in this turn of the event loop.
    await new Promise<void>((resolve) => setImmediate(resolve));
    await this.#open.guests?.settled();
  }

  #read(key: Uint8Array, withBodies: boolean): RecordStep | null {
    try {
      const found = this.#open.index.find(key);
      if (found === null) return null;
      const { record } = found;
      const body = withBodies && record.fileId === 0n ? found.copyBody(0, record.sizeBytes) : null;
      return { kind: "record", key, record, body };
    } catch (error) {
      return { kind: "bad-record", key, why: errorChainText(error) };
    }
  }
}
