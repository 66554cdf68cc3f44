/** What block devices do, from the kernel's counters (Documentation/admin-guide/iostats.rst of Linux). */
import { readFile, realpath } from "node:fs/promises";
import { basename } from "node:path";
import type { Clock } from "@ais/base/clock.ts";

/** Per second since an earlier look; averages are of one request to the device. */
export interface DiskRates {
  readonly readBytes: number;
  readonly averageReadBytes: number;
  readonly writtenBytes: number;
  readonly averageWriteBytes: number;
  /** Share of the time in which requests were under way, in percent. */
  readonly utilization: number;
}

interface Counters {
  readonly reads: number;
  readonly readSectors: number;
  readonly writes: number;
  readonly writtenSectors: number;
  readonly busyMs: number;
}

interface Look {
  readonly atMs: number;
  readonly disks: ReadonlyMap<string, Counters>;
}

const COUNTERS = "/proc/diskstats";
const SECTOR_BYTES = 512;
/** Rates over less than this say nothing; those since long ago say little of now. */
const SPAN_MIN_MS = 200;
const SPAN_MAX_MS = 60_000;
/** Several scrapers would otherwise leave each other the rates of moments. */
const SAME_MS = 1000;

type ReadText = () => Promise<string>;

/** Rates of now: whoever asks waits for a second look when the last one is of no use. */
export class DiskRatesReader {
  readonly #clock: Clock;
  readonly #wait: (ms: number) => Promise<unknown>;
  readonly #readText: ReadText;
  #before: Look | null = null;

  constructor(
    clock: Clock,
    wait: (ms: number) => Promise<unknown> = Bun.sleep,
    readText: ReadText = readCounters,
  ) {
    this.#clock = clock;
    this.#wait = wait;
    this.#readText = readText;
  }

  /** By the name of the disk. Disks that the kernel does not count, such as those of a network, are left out. */
  async read(disks: readonly string[]): Promise<ReadonlyMap<string, DiskRates>> {
    let before = this.#before;
    if (before === null || this.#clock.monotonicMs() - before.atMs > SPAN_MAX_MS) {
      before = await look(this.#clock, this.#readText);
      this.#before = before;
    }
    const ageMs = this.#clock.monotonicMs() - before.atMs;
    if (ageMs < SPAN_MIN_MS) await this.#wait(SPAN_MIN_MS - ageMs);
    const now = await look(this.#clock, this.#readText);
    this.#before = now;
    return ratesBetween(before, now, disks);
  }
}

/**
 * Rates between one asking and the next, however far apart, for whoever asks regularly. Nobody waits, and nothing is done
 * meanwhile.
 */
export class DiskRatesMeter {
  readonly #clock: Clock;
  readonly #readText: ReadText;
  #before: Look;
  #after: Look | null = null;

  private constructor(clock: Clock, readText: ReadText, first: Look) {
    this.#clock = clock;
    this.#readText = readText;
    this.#before = first;
  }

  /** The first rates are those since then. */
  static async start(clock: Clock, readText: ReadText = readCounters): Promise<DiskRatesMeter> {
    return new DiskRatesMeter(clock, readText, await look(clock, readText));
  }

  /**
   * By the name of the disk, as `DiskRatesReader.read`. Those who ask within a second of each other are told the same, and
   * nothing within the first 200 ms.
   */
  async read(disks: readonly string[]): Promise<ReadonlyMap<string, DiskRates>> {
    const last = this.#after ?? this.#before;
    const ageMs = this.#clock.monotonicMs() - last.atMs;
    if (ageMs >= (this.#after === null ? SPAN_MIN_MS : SAME_MS)) {
      const now = await look(this.#clock, this.#readText);
      // Unless somebody who asked at the same time came first.
      if ((this.#after ?? this.#before) === last) {
        this.#before = last;
        this.#after = now;
      }
    }
    return this.#after === null ? new Map() : ratesBetween(this.#before, this.#after, disks);
  }
}

async function look(clock: Clock, readText: ReadText): Promise<Look> {
  const text = await readText().catch(() => "");
  return { atMs: clock.monotonicMs(), disks: parseCounters(text) };
}

function readCounters(): Promise<string> {
  return readFile(COUNTERS, "utf8");
}

function ratesBetween(before: Look, now: Look, disks: readonly string[]): ReadonlyMap<string, DiskRates> {
  return new Map(
    disks.flatMap((disk): [string, DiskRates][] => {
      const [earlier, later] = [before.disks.get(disk), now.disks.get(disk)];
      return earlier === undefined || later === undefined
        ? []
        : [[disk, ratesOf(earlier, later, now.atMs - before.atMs)]];
    }),
  );
}

function ratesOf(before: Counters, now: Counters, spanMs: number): DiskRates {
  const count = (name: keyof Counters): number => Math.max(0, now[name] - before[name]);
  const perSecond = (bytes: number): number => Math.round((bytes * 1000) / Math.max(1, spanMs));
  const readBytes = count("readSectors") * SECTOR_BYTES;
  const writtenBytes = count("writtenSectors") * SECTOR_BYTES;
  return {
    readBytes: perSecond(readBytes),
    averageReadBytes: Math.round(readBytes / Math.max(1, count("reads"))),
    writtenBytes: perSecond(writtenBytes),
    averageWriteBytes: Math.round(writtenBytes / Math.max(1, count("writes"))),
    utilization: Math.min(100, Math.round((count("busyMs") * 100) / Math.max(1, spanMs))),
  };
}

function parseCounters(text: string): ReadonlyMap<string, Counters> {
  return new Map(
    text.split("\n").flatMap((line): [string, Counters][] => {
      const [, , name, reads, , readSectors, , writes, , writtenSectors, , , busyMs] = line
        .trim()
        .split(/\s+/);
      if (name === undefined || busyMs === undefined) return [];
      const counters = {
        reads: Number(reads),
        readSectors: Number(readSectors),
        writes: Number(writes),
        writtenSectors: Number(writtenSectors),
        busyMs: Number(busyMs),
      };
      return [[name, counters]];
    }),
  );
}

/** `vda1` of `/dev/vda1`, `dm-0` of `/dev/mapper/data`; null for what is no device, such as a share. */
export async function diskName(device: string): Promise<string | null> {
  if (!device.startsWith("/dev/")) return null;
  return basename(await realpath(device).catch(() => device));
}
