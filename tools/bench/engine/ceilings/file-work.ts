/** Between the benchmark and the process that works on files without a server. */
export type FileWork =
  /** Creates, writes, closes and renames one file per object, `inFlight` at a time. */
  | {
      readonly kind: "put";
      readonly directory: string;
      readonly objects: number;
      /** Names that the objects take in turn: later ones replace earlier ones. */
      readonly names: number;
      readonly bytes: number;
      readonly inFlight: number;
      readonly sync: boolean;
      /** Ends the work early. */
      readonly seconds: number;
    }
  /** The same with calls that hold the thread, one object after the other. */
  | {
      readonly kind: "put-blocking";
      readonly directory: string;
      readonly names: number;
      readonly bytes: number;
      readonly seconds: number;
    }
  /** Removes what `put` made under the first `objects` names. */
  | {
      readonly kind: "delete";
      readonly directory: string;
      readonly objects: number;
      readonly inFlight: number;
    }
  /** Writes files of that size, one after the other. */
  | {
      readonly kind: "write";
      readonly directory: string;
      readonly files: number;
      readonly bytes: number;
      readonly sync: boolean;
    };

export interface FileWorkResult {
  readonly error: string | null;
  readonly objects: number;
  readonly seconds: number;
  /** Each object's own time; empty where none was taken. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}
