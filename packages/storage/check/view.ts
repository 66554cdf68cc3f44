/** A mountpath as a check sees it: `live-view.ts` of a running store, `offline-view.ts` of a directory without one. */
import type { IndexRecord } from "../index/record.ts";

export type RecordStep =
  | {
      readonly kind: "record";
      readonly key: Uint8Array;
      readonly record: IndexRecord;
      /** Of an inline object, when it was asked for. */
      readonly body: Buffer | null;
    }
  | { readonly kind: "bad-record"; readonly key: Uint8Array; readonly why: string }
  /** A part of the index that cannot be read. */
  | { readonly kind: "damaged-index"; readonly path: string; readonly why: string };

export interface MountpathView {
  readonly mountpath: string;
  /** Null when the index cannot tell. */
  readonly expectedObjects: number | null;
  /** In key order. */
  records(withBodies: boolean): Iterable<RecordStep>;
  /** The key of the record that has the file; `unknown` when the index cannot tell. */
  ownerOfFile(fileId: bigint): Uint8Array | null | "unknown";
  /** Keeps the record's file from being removed; null when the record has changed since it was seen. */
  hold(key: Uint8Array, record: IndexRecord): Disposable | null;
  /** True while a file that no record has is nothing wrong: it is being written, or waits for its removal. */
  isBusy(fileId: bigint): boolean;
  /** Resolves when every index transaction of before the call has had its effects. */
  settled(): Promise<void>;
}
