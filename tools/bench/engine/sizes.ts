/** The sizes of objects and how each of them is loaded. */
export interface SizePlan {
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
  readonly connections: number;
  /** Writers in flight, of the server and of what it is compared with: those of small objects share a flush. */
  readonly writers: number;
  /** Objects that are read, round and round. */
  readonly readObjects: number;
  /** Names that are written, round and round. */
  readonly writtenObjects: number;
  /** Ends a measurement of writing early; 0 is no limit. What a PUT replaces stays on disk for a while. */
  readonly putsMax: number;
  /** The same for reading; bounds the time of the largest. */
  readonly getsMax: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

const small = {
  connections: 32,
  writers: 128,
  readObjects: 64,
  writtenObjects: 2_000,
  putsMax: 0,
  getsMax: 0,
} as const;

export const SIZES: readonly SizePlan[] = [
  { name: "1k", title: "1 KiB", bytes: KIB, ...small },
  { name: "4k", title: "4 KiB", bytes: 4 * KIB, ...small },
  { name: "64k", title: "64 KiB", bytes: 64 * KIB, ...small, writtenObjects: 200, putsMax: 4_000 },
  {
    name: "1m",
    title: "1 MiB",
    bytes: MIB,
    connections: 8,
    writers: 8,
    readObjects: 32,
    writtenObjects: 64,
    putsMax: 512,
    getsMax: 0,
  },
  {
    name: "64m",
    title: "64 MiB",
    bytes: 64 * MIB,
    connections: 4,
    writers: 4,
    readObjects: 4,
    writtenObjects: 8,
    putsMax: 16,
    getsMax: 64,
  },
  {
    name: "1g",
    title: "1 GiB",
    bytes: GIB,
    connections: 1,
    writers: 1,
    readObjects: 1,
    writtenObjects: 1,
    putsMax: 1,
    getsMax: 4,
  },
];

export function sizeNamed(name: string): SizePlan {
  const found = SIZES.find((size) => size.name === name);
  if (found === undefined) throw new Error(`no size is named "${name}"`);
  return found;
}
