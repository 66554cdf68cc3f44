/**
 * Tells when the server has closed a file that it was sending, which is when the last byte is with the kernel or the client
 * is gone. Bun does not say so itself; inotify's IN_CLOSE_NOWRITE does.
 *
 * An event names the file, not the reader, and the kernel folds equal events that nobody has read yet. So with several
 * readers of one file an event ends one of them (a gone client first, else the oldest), and the open descriptors are
 * counted a moment later to end those whose events were folded. A slow sweep counts again, so that no reader outlives a
 * lost event.
 *
 * The watch of a file outlives its last reader for a while: to add and remove one is two system calls a request.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { fstatSync, readdirSync } from "node:fs";
import { must } from "@ais/base/assert.ts";
import { errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";

export interface WatchedFile {
  readonly path: string;
  /** Identity of the file, as `stat` gives it. */
  readonly dev: number;
  readonly ino: number;
  /** True when the client that the file is sent to has gone. */
  readonly isClientGone: () => boolean;
  /** Called once, when the server has closed the file. */
  readonly onClose: () => void;
}

export interface FileCloseWatch {
  /** Must be called before the server opens the file. False when the file cannot be watched. */
  add(file: WatchedFile): boolean;
  /** Readers not yet told. */
  readonly size: number;
  /** Ends every reader and frees the descriptor. */
  close(): void;
}

const IN_CLOSE_NOWRITE = 0x10;
const IN_Q_OVERFLOW = 0x4000;
const IN_IGNORED = 0x8000;
const IN_NONBLOCK_CLOEXEC = 0o2004000;
/** Bytes of `struct inotify_event` before the name. */
const EVENT_HEAD_BYTES = 16;

/** A reader younger than this may not have been opened yet, so a missing descriptor proves nothing. */
const SETTLE_MS = 20;
/** Folded events are looked for this long after an event that other readers were waiting for too. */
const RECOUNT_DELAY_MS = SETTLE_MS + 5;

/** Watches that no reader needs now. */
const IDLE_WATCH_COUNT = 1024;

/** A file that has a watch. */
interface KnownFile {
  readonly watch: number;
  readonly dev: number;
  readonly ino: number;
}

interface Reader {
  readonly file: WatchedFile;
  readonly addedMs: number;
}

interface Inotify {
  readonly descriptor: number;
  addWatch(path: string): number;
  removeWatch(watch: number): void;
}

export interface FileCloseWatchOptions {
  readonly logger: Logger;
  /** The C library, for tests. */
  readonly library?: string;
  readonly sweepPeriodMs?: number;
}

/** Null when this system has no usable inotify; says why in the log. */
export function openFileCloseWatch({
  logger,
  library = "libc.so.6",
  sweepPeriodMs = 2000,
}: FileCloseWatchOptions): FileCloseWatch | null {
  try {
    return new InotifyFileCloseWatch(openInotify(library), logger, sweepPeriodMs);
  } catch (error) {
    logger.log("warn", "inotify is not available: a file reply counts as sent when it is handed over", {
      error: errorText(error),
    });
    return null;
  }
}

function openInotify(library: string): Inotify {
  const { symbols } = dlopen(library, {
    inotify_init1: { args: [FFIType.i32], returns: FFIType.i32 },
    inotify_add_watch: { args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
    inotify_rm_watch: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  });
  const descriptor = symbols.inotify_init1(IN_NONBLOCK_CLOEXEC);
  if (descriptor < 0) throw new Error("failed to create an inotify instance");
  return {
    descriptor,
    addWatch: (path) =>
      symbols.inotify_add_watch(descriptor, ptr(Buffer.from(`${path}\0`)), IN_CLOSE_NOWRITE),
    removeWatch: (watch) => symbols.inotify_rm_watch(descriptor, watch),
  };
}

function readDescriptor(descriptor: number) {
  return Bun.file(descriptor).stream().getReader();
}

class InotifyFileCloseWatch implements FileCloseWatch {
  readonly #inotify: Inotify;
  readonly #logger: Logger;
  /** By watch descriptor; the kernel gives one for each file. Oldest reader first. */
  readonly #readers = new Map<number, Reader[]>();
  readonly #known = new Map<string, KnownFile>();
  /** Paths of watches without readers, the one idle for longest first. */
  readonly #idle = new Map<number, string>();
  readonly #events: ReturnType<typeof readDescriptor>;
  readonly #sweepTimer: NodeJS.Timeout;
  /** Watches whose events may have been folded. */
  readonly #suspects = new Set<number>();
  #recountTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(inotify: Inotify, logger: Logger, sweepPeriodMs: number) {
    this.#inotify = inotify;
    this.#logger = logger;
    this.#events = readDescriptor(inotify.descriptor);
    this.#sweepTimer = setInterval(() => this.#recount([...this.#readers.keys()]), sweepPeriodMs);
    this.#sweepTimer.unref();
    void this.#readEvents();
  }

  get size(): number {
    let count = 0;
    for (const readers of this.#readers.values()) count += readers.length;
    return count;
  }

  add(file: WatchedFile): boolean {
    if (this.#closed) return false;
    const watch = this.#watchOf(file);
    if (watch < 0) return false;
    const reader = { file, addedMs: performance.now() };
    const readers = this.#readers.get(watch);
    if (readers === undefined) this.#readers.set(watch, [reader]);
    else readers.push(reader);
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#sweepTimer);
    clearTimeout(this.#recountTimer ?? undefined);
    void this.#events.cancel().catch(() => {});
    for (const readers of this.#readers.values()) for (const { file } of readers) file.onClose();
    this.#readers.clear();
  }

  async #readEvents(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#events.read();
        if (done) return;
        this.#takeEvents(value);
      }
    } catch (error) {
      if (this.#closed) return;
      this.#logger.log("warn", "failed to read inotify events: sent files are noticed by the sweep only", {
        error: errorText(error),
      });
    }
  }

  #takeEvents(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + EVENT_HEAD_BYTES <= bytes.byteLength; ) {
      const watch = view.getInt32(at, true);
      const mask = view.getUint32(at + 4, true);
      at += EVENT_HEAD_BYTES + view.getUint32(at + 12, true);
      if ((mask & IN_Q_OVERFLOW) !== 0) for (const lost of this.#readers.keys()) this.#recountSoon(lost);
      else if ((mask & IN_IGNORED) !== 0) this.#endAll(watch);
      else if ((mask & IN_CLOSE_NOWRITE) !== 0) this.#endOne(watch);
    }
  }

  #watchOf(file: WatchedFile): number {
    const { path, dev, ino } = file;
    const known = this.#known.get(path);
    if (known !== undefined && known.dev === dev && known.ino === ino) {
      this.#idle.delete(known.watch);
      return known.watch;
    }
    const watch = this.#inotify.addWatch(path);
    if (watch >= 0) this.#known.set(path, { watch, dev, ino });
    return watch;
  }

  #endOne(watch: number): void {
    const readers = this.#readers.get(watch);
    if (readers === undefined) return;
    const gone = readers.length === 1 ? 0 : readers.findIndex(({ file }) => file.isClientGone());
    const [ended] = readers.splice(Math.max(gone, 0), 1);
    const { file } = must(ended, "a watched file has a reader");
    if (readers.length === 0) this.#rest(watch, file);
    else this.#recountSoon(watch);
    file.onClose();
  }

  /** The file itself is gone, which it cannot be while any reader has it open. */
  #endAll(watch: number): void {
    const readers = this.#readers.get(watch) ?? [];
    this.#readers.delete(watch);
    this.#forget(watch, this.#idle.get(watch) ?? readers[0]?.file.path);
    this.#idle.delete(watch);
    for (const { file } of readers) file.onClose();
  }

  /** The last reader has ended. */
  #rest(watch: number, { path }: WatchedFile): void {
    this.#readers.delete(watch);
    this.#idle.set(watch, path);
    if (this.#idle.size <= IDLE_WATCH_COUNT) return;
    const [oldest] = this.#idle;
    if (oldest === undefined) return;
    this.#idle.delete(oldest[0]);
    this.#forget(...oldest);
    this.#inotify.removeWatch(oldest[0]);
  }

  #forget(watch: number, path: string | undefined): void {
    if (path !== undefined && this.#known.get(path)?.watch === watch) this.#known.delete(path);
  }

  #recountSoon(watch: number): void {
    this.#suspects.add(watch);
    this.#recountTimer ??= setTimeout(() => {
      this.#recountTimer = null;
      const suspects = [...this.#suspects];
      this.#suspects.clear();
      this.#recount(suspects);
    }, RECOUNT_DELAY_MS);
  }

  /** Ends the settled readers of these watches for which no open descriptor is left. */
  #recount(watches: readonly number[]): void {
    const waiting = watches.filter((watch) => this.#readers.has(watch));
    if (waiting.length === 0) return;
    const open = countOpenFiles();
    const settledMs = performance.now() - SETTLE_MS;
    for (const watch of waiting) {
      const readers = this.#readers.get(watch) ?? [];
      const { file } = must(readers[0], "a watched file has a reader");
      const { dev, ino } = file;
      const surplus = readers.length - (open.get(fileIdentity(dev, ino)) ?? 0);
      const ended = readers.filter(({ addedMs }) => addedMs <= settledMs).slice(0, Math.max(surplus, 0));
      const left = readers.filter((reader) => !ended.includes(reader));
      if (left.length === 0) this.#rest(watch, file);
      else this.#readers.set(watch, left);
      if (ended.length < surplus) this.#recountSoon(watch);
      for (const { file } of ended) file.onClose();
    }
  }
}

function countOpenFiles(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of readdirSync("/proc/self/fd")) {
    try {
      const { dev, ino } = fstatSync(Number(name));
      const identity = fileIdentity(dev, ino);
      counts.set(identity, (counts.get(identity) ?? 0) + 1);
    } catch {
      // The descriptor was closed since the listing, the listing's own one for certain.
    }
  }
  return counts;
}

function fileIdentity(dev: number, ino: number): string {
  return `${dev}:${ino}`;
}
