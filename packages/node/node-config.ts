/**
 * The configuration in force on one node: the cluster's, with the node's own settings over it. Those survive restarts
 * unless they were set as transient, and stay when the cluster's change.
 */
import { mkdir, readFile, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { durableWriteBytes, syncDirectory } from "@ais/base/durable-write.ts";
import { errorText } from "@ais/base/errors.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { ClusterConfig } from "@ais/wire/cluster-config.ts";
import {
  checkNodeScope,
  encodeNodeSettings,
  type NodeSettings,
  parseNodeSettings,
  withNodeSettings,
} from "@ais/wire/node-override.ts";
import type { NodeLogger } from "./logger.ts";

export interface NodeConfigs {
  readonly inForce: ClusterConfig;
  /** The node's own. */
  readonly settings: NodeSettings;
  /** The node's own value of a setting, as text; null when it follows the cluster. */
  own(name: string): string | null;
  /**
   * In force, and kept unless transient, when it resolves. Throws `badRequest` for what is unknown, invalid or the
   * cluster's alone; nothing has changed then.
   */
  set(settings: NodeSettings, isTransient: boolean): Promise<void>;
  /** In place of those of before, without a look at them: another process of this node has set them. */
  take(settings: NodeSettings): void;
  /** Back to the cluster's settings. */
  reset(): Promise<void>;
  /** After `inForce` has changed. Returns the way to unsubscribe. */
  onChange(listener: () => void): () => void;
}

const FILE_NAME = "config-override.json";

export interface NodeConfigOptions {
  /** The node's own. */
  readonly directory: string;
  readonly member: Pick<ClusterMember, "snapshot" | "onChange">;
  readonly logger: NodeLogger;
}

/** Throws when the file is there and cannot be understood: a node with other settings than it was given must not start. */
export async function openNodeConfigs({
  directory,
  member,
  logger,
}: NodeConfigOptions): Promise<NodeConfigs & Disposable> {
  const path = join(directory, FILE_NAME);
  const kept = await readSettings(path);
  if (Object.keys(kept).length > 0)
    logger.log("info", "this node has settings of its own", { settings: Object.keys(kept).join(", ") });
  return new OwnedConfigs(path, kept, member, logger);
}

/** Of a worker: what the main process has it says. */
export function followedNodeConfigs(
  { member, logger }: Omit<NodeConfigOptions, "directory">,
  settings: NodeSettings,
): NodeConfigs & Disposable {
  return new OwnedConfigs(null, settings, member, logger);
}

/** The next start from there has the cluster's settings alone. */
export async function forgetNodeSettings(directory: string): Promise<void> {
  await rm(join(directory, FILE_NAME), { force: true });
}

/** For tests: forgets everything. */
export function memoryNodeConfigs({ member, logger }: Omit<NodeConfigOptions, "directory">): NodeConfigs {
  return new OwnedConfigs(null, {}, member, logger);
}

async function readSettings(path: string): Promise<NodeSettings> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  try {
    return parseNodeSettings(text);
  } catch (cause) {
    throw new Error(`failed to read the node's settings in "${path}": ${errorText(cause)}`, { cause });
  }
}

class OwnedConfigs implements NodeConfigs, Disposable {
  /** Null keeps nothing. */
  readonly #path: string | null;
  readonly #member: NodeConfigOptions["member"];
  readonly #logger: NodeLogger;
  readonly #listeners = new Set<() => void>();
  readonly #unsubscribe: () => void;
  #kept: NodeSettings;
  #transient: NodeSettings = {};
  #inForce: ClusterConfig;
  /** Changes come one after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(
    path: string | null,
    kept: NodeSettings,
    member: NodeConfigOptions["member"],
    logger: NodeLogger,
  ) {
    this.#path = path;
    this.#kept = kept;
    this.#member = member;
    this.#logger = logger;
    this.#inForce = this.#combined();
    this.#unsubscribe = member.onChange(({ document }) => {
      if (document === "config") this.#renew();
    });
  }

  get inForce(): ClusterConfig {
    return this.#inForce;
  }

  get settings(): NodeSettings {
    return { ...this.#kept, ...this.#transient };
  }

  own(name: string): string | null {
    return this.#transient[name] ?? this.#kept[name] ?? null;
  }

  set(settings: NodeSettings, isTransient: boolean): Promise<void> {
    return this.#oneAtATime(async () => {
      checkNodeScope(Object.keys(settings));
      const kept = isTransient ? this.#kept : merged(this.#kept, settings);
      const transient = isTransient ? merged(this.#transient, settings) : without(this.#transient, settings);
      // Throws before anything has changed. Those that are kept must also do by themselves: a restart has only them.
      const { config } = this.#member.snapshot;
      withNodeSettings(config, { ...kept, ...transient });
      if (!isTransient) withNodeSettings(config, kept);
      if (!isTransient) await this.#write(kept);
      this.#kept = kept;
      this.#transient = transient;
      this.#renew();
    });
  }

  take(settings: NodeSettings): void {
    this.#kept = settings;
    this.#transient = {};
    this.#renew();
  }

  reset(): Promise<void> {
    return this.#oneAtATime(async () => {
      await this.#write({});
      this.#kept = {};
      this.#transient = {};
      this.#renew();
    });
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
  }

  #oneAtATime(work: () => Promise<void>): Promise<void> {
    const run = this.#changing.then(work);
    this.#changing = run.catch(() => undefined);
    return run;
  }

  #renew(): void {
    this.#inForce = this.#combined();
    for (const listener of [...this.#listeners]) listener();
  }

  /** A change of the cluster's may leave no room for the node's own, such as watermarks out of order: then the cluster's stand. */
  #combined(): ClusterConfig {
    const { config } = this.#member.snapshot;
    try {
      return withNodeSettings(config, this.settings);
    } catch (error) {
      const fields = { settings: Object.keys(this.#kept).join(", "), error: errorText(error) };
      this.#logger.log("error", "this node's own settings do not go with the cluster's", fields);
      return config;
    }
  }

  async #write(settings: NodeSettings): Promise<void> {
    if (this.#path === null) return;
    const directory = dirname(this.#path);
    if (Object.keys(settings).length > 0) {
      await mkdir(directory, { recursive: true });
      await durableWriteBytes(this.#path, encodeNodeSettings(settings), { flush: "fsync" });
      return;
    }
    try {
      await unlink(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    await syncDirectory(directory);
  }
}

/** The new ones last: one entry of a map is set into what an older setting has made of the whole. */
function merged(settings: NodeSettings, changes: NodeSettings): NodeSettings {
  return { ...without(settings, changes), ...changes };
}

function without(settings: NodeSettings, names: NodeSettings): NodeSettings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !Object.hasOwn(names, name)));
}
