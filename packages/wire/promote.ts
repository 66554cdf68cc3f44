/** Promotion: files that a target can read become objects (wire-compat 2.3), and the calls between proxy and targets for it. */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { lowerCaseKeys } from "./act-msg.ts";
import { PROVIDERS } from "./bck.ts";
import { decodeJson } from "./json.ts";

/** Files are promoted from below this directory unless a target is told of another one. */
export const PROMOTE_ROOT = "/var/lib/ais/promote";

export interface PromoteArgs {
  /** Absolute path on the targets, of a file or a directory. */
  readonly source: string;
  /** Name or prefix of the objects: see `promotedName`. */
  readonly objectName: string;
  /** The one target to do it; empty for all. */
  readonly targetId: string;
  readonly recursive: boolean;
  readonly overwrite: boolean;
  /** A file goes once its object is stored. */
  readonly deleteSource: boolean;
  /** Every target has files of its own there, whatever they look like. */
  readonly isNotShared: boolean;
}

const text = v.nullish(v.string(), "");
const flag = v.nullish(v.boolean(), false);
const ArgsSchema = v.strictObject({
  tid: text,
  src: text,
  obj: text,
  rcr: flag,
  ovw: flag,
  dls: flag,
  notshr: flag,
});

/** `name` of the action message and the path in its value say the same, or one of them is empty. Throws `badRequest`. */
export function parsePromoteArgs(name: string, value: unknown): PromoteArgs {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const result = v.safeParse(ArgsSchema, isObject ? lowerCaseKeys(value) : value);
  if (!result.success)
    throw new AisError("badRequest", `invalid promote arguments: ${result.issues[0].message}`);
  const { tid, src, obj, rcr, ovw, dls, notshr } = result.output;
  if (name !== "" && src !== "" && name !== src)
    throw new AisError("badRequest", `conflicting promote sources: "${name}" and "${src}"`);
  const source = src === "" ? name : src;
  checkSource(source);
  if (hasDotElement(obj) || obj.startsWith("/") || obj.startsWith("~/"))
    throw new AisError("badRequest", `invalid object name or prefix "${obj}"`);
  return {
    source,
    objectName: obj,
    targetId: tid,
    recursive: rcr,
    overwrite: ovw,
    deleteSource: dls,
    isNotShared: notshr,
  };
}

/** The value of the action message, as Go has it. */
export function promoteMessage(args: PromoteArgs): Readonly<Record<string, string | boolean>> {
  const { targetId, source, objectName, recursive, overwrite, deleteSource, isNotShared } = args;
  return {
    tid: targetId,
    src: source,
    obj: objectName,
    rcr: recursive,
    ovw: overwrite,
    dls: deleteSource,
    notshr: isNotShared,
  };
}

function checkSource(source: string): void {
  if (source === "") throw new AisError("badRequest", "invalid promote source: the path is empty");
  const why = !source.startsWith("/")
    ? "it is not an absolute path"
    : hasDotElement(source)
      ? 'it has a "." or ".." element'
      : source.includes("\0")
        ? "it contains NUL"
        : "";
  if (why !== "") throw new AisError("badRequest", `invalid promote source "${source}": ${why}`);
}

function hasDotElement(path: string): boolean {
  return path.split("/").some((element) => element === "." || element === "..");
}

/**
 * The object of a promoted file. A file named by the caller becomes `objectName`, or goes below it when that is empty or ends
 * with a slash; files of a directory follow it as it stands, so that a directory of objects takes a slash at the end.
 */
export function promotedName(objectName: string, relativePath: string, isDirectory: boolean): string {
  return !isDirectory && objectName !== "" && !objectName.endsWith("/")
    ? objectName
    : objectName + relativePath;
}

/** What the files of one target are, as far as the cluster has to know: `POST /v1/intra/promote-scan`. */
export interface PromoteScan {
  readonly isDirectory: boolean;
  readonly fileCount: number;
  readonly totalBytes: number;
  /** Same for targets that see the same paths, sizes and times. */
  readonly digest: string;
}

/** `POST /v1/intra/promote`, and the arguments of the job. */
export interface PromoteWork {
  readonly args: PromoteArgs;
  readonly isDirectory: boolean;
  /** All targets see the same files: each does those whose objects are its own. */
  readonly isShared: boolean;
}

const WorkEntries = {
  args: v.object({
    source: v.string(),
    objectName: v.string(),
    targetId: v.string(),
    recursive: v.boolean(),
    overwrite: v.boolean(),
    deleteSource: v.boolean(),
    isNotShared: v.boolean(),
  }),
  isDirectory: v.boolean(),
  isShared: v.boolean(),
};

const RunSchema = v.object({
  ...WorkEntries,
  bucket: v.object({
    name: v.string(),
    provider: v.picklist(PROVIDERS),
    namespace: v.object({ uuid: v.string(), name: v.string() }),
  }),
  bid: v.pipe(v.string(), v.digits()),
  /** Ids of the targets that share the work. */
  targets: v.array(v.string()),
});

/** A promotion that its request waits for. */
export type PromoteRun = Readonly<v.InferOutput<typeof RunSchema>>;

const ScanSchema = v.object({
  isDirectory: v.boolean(),
  fileCount: v.pipe(v.number(), v.safeInteger()),
  totalBytes: v.number(),
  digest: v.string(),
});

export function parsePromoteScanRequest(body: string): PromoteArgs {
  return parse(WorkEntries.args, body, "promote scan request");
}

export function parsePromoteRun(body: string): PromoteRun {
  return parse(RunSchema, body, "promote request");
}

export function parsePromoteScan(body: string): PromoteScan {
  return parse(ScanSchema, body, "promote scan");
}

function parse<T>(schema: v.GenericSchema<unknown, T>, body: string, what: string): T {
  const result = v.safeParse(schema, decodeJson(body));
  if (result.success) return result.output;
  throw new AisError("badRequest", `invalid ${what}: ${result.issues[0].message}`);
}
