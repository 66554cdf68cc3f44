/**
 * Control messages that start jobs (wire-compat 2.3). Absent and null members are defaults, keys match in any case. Unknown
 * members are refused, as by AIStore: a selection with a misspelt member would be the whole bucket.
 */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { lowerCaseKeys } from "../act-msg.ts";
import { type Bck, parseProvider, validateBucketName } from "../bck.ts";
import { withoutWildcard } from "../lso.ts";
import { validateObjectName } from "../object-name.ts";
import { type ObjectTemplate, parseTemplate } from "../object-template.ts";

/** Which objects: those of `names`, of a template, or under a prefix that is taken literally; all empty is every object. */
export interface ObjectSelection {
  readonly names: readonly string[];
  readonly template: string;
  readonly prefix: string;
  readonly nonRecursive: boolean;
}

export interface MultiObjectMsg {
  readonly selection: ObjectSelection;
  readonly continueOnError: boolean;
  /** 0 leaves it to the target. */
  readonly workerCount: number;
}

export interface CopyMsg extends MultiObjectMsg {
  /** Old extension to new one, the text after the last dot. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly prepend: string;
  readonly dryRun: boolean;
  /** What the source does not have is deleted at the destination. */
  readonly synchronize: boolean;
}

export interface CopyObjectsMsg extends CopyMsg {
  readonly destination: Bck;
}

export interface SummaryMsg {
  /** Empty starts a summary, otherwise the one asked about. */
  readonly uuid: string;
  readonly prefix: string;
}

const text = v.nullish(v.string(), "");
const flag = v.nullish(v.boolean(), false);
const count = v.nullish(v.pipe(v.number(), v.safeInteger()), 0);

const SelectionEntries = {
  template: text,
  objnames: v.nullish(v.array(v.string()), []),
};
const WorkEntries = {
  "non-recurs": flag,
  coer: flag,
  "num-workers": count,
};
const MultiObjectSchema = v.strictObject({ ...SelectionEntries, ...WorkEntries });
const CopyEntries = {
  ext: v.nullish(v.record(v.string(), v.string()), {}),
  prepend: text,
  prefix: text,
  dry_run: flag,
  synchronize: flag,
  // Accepted without effect: a local bucket is its own latest version, and nothing stands in the way of a copy.
  force: flag,
  "latest-ver": flag,
  request_timeout: v.nullish(v.union([v.string(), v.number()])),
  id: text,
  pipeline: v.nullish(v.array(v.string()), []),
};
const CopySchema = v.strictObject({ ...WorkEntries, ...CopyEntries });
const CopyObjectsSchema = v.strictObject({
  ...SelectionEntries,
  ...WorkEntries,
  ...CopyEntries,
  txnuuid: text,
  tobck: v.object({
    name: v.string(),
    provider: text,
    namespace: v.nullish(v.object({ uuid: text, name: text }), { uuid: "", name: "" }),
  }),
});
const SummarySchema = v.strictObject({
  uuid: text,
  prefix: text,
  cached: flag,
  present: flag,
  dont_add_remote: flag,
});

/** `EvdMsg`. No value at all is refused, since an empty one is every object of the bucket. */
export function parseMultiObjectMsg(value: unknown): MultiObjectMsg {
  return multiObject(parse(MultiObjectSchema, value));
}

/** `TCBMsg`: a bucket, or the objects of one prefix. */
export function parseCopyMsg(value: unknown): CopyMsg {
  const json = parse(CopySchema, value ?? {});
  return { ...copyOf({ template: "", objnames: [], ...json }), synchronize: json.synchronize };
}

/** `TCOMsg`. */
export function parseCopyObjectsMsg(value: unknown): CopyObjectsMsg {
  const json = parse(CopyObjectsSchema, value ?? {});
  if (json.synchronize)
    throw new AisError("unsupported", `"synchronize" is not supported for a list of objects`);
  const { name, provider, namespace } = json.tobck;
  validateBucketName(name);
  return { ...copyOf(json), destination: { name, provider: parseProvider(provider), namespace } };
}

export function parseSummaryMsg(value: unknown): SummaryMsg {
  const { uuid, prefix } = parse(SummarySchema, value ?? {});
  return { uuid, prefix };
}

/** The template of a selection, parsed. Throws `badRequest` when it is malformed. */
export function selectionTemplate({ template }: ObjectSelection): ObjectTemplate {
  return parseTemplate(template);
}

/** The name of the copy of an object. */
export function copyName(
  objectName: string,
  { extensions, prepend }: Pick<CopyMsg, "extensions" | "prepend">,
): string {
  const dot = objectName.lastIndexOf(".");
  const extension = dot < 0 ? "" : objectName.slice(dot + 1);
  const changed = dot >= 0 && Object.hasOwn(extensions, extension) ? extensions[extension] : undefined;
  const name = changed === undefined ? objectName : objectName.slice(0, dot + 1) + withoutDots(changed);
  return prepend + name;
}

/** Names that the original of a copy may have: what the copy is called, and what a change of its extension may have begun with. */
export function originalNames(
  copyName: string,
  { extensions }: Pick<CopyMsg, "extensions">,
): readonly string[] {
  const before = Object.entries(extensions).flatMap(([from, to]) => {
    // A new extension may have dots of its own.
    const suffix = `.${withoutDots(to)}`;
    return copyName.endsWith(suffix) ? [`${copyName.slice(0, copyName.length - suffix.length)}.${from}`] : [];
  });
  return [copyName, ...before];
}

function withoutDots(extension: string): string {
  return extension.replace(/^\.+/, "");
}

function multiObject(json: v.InferOutput<typeof MultiObjectSchema>): MultiObjectMsg {
  const { template, objnames } = json;
  if (template !== "" && objnames.length > 0)
    throw new AisError("badRequest", "invalid selection of objects: it has both names and a template");
  for (const name of objnames) validateObjectName(name);
  parseTemplate(template);
  return {
    selection: { names: objnames, template, prefix: "", nonRecursive: json["non-recurs"] },
    continueOnError: json.coer,
    workerCount: json["num-workers"],
  };
}

function copyOf(json: v.InferOutput<typeof CopySchema> & v.InferOutput<typeof MultiObjectSchema>): CopyMsg {
  if (json.id !== "" || json.pipeline.length > 0)
    throw new AisError("unsupported", "transforming objects while they are copied is not supported");
  if (json.synchronize && json.prepend !== "")
    throw new AisError("badRequest", `"prepend" and "synchronize" exclude each other`);
  const message = multiObject(json);
  const { prefix } = json;
  if (prefix !== "" && (message.selection.template !== "" || message.selection.names.length > 0))
    throw new AisError("badRequest", "invalid selection of objects: it has a prefix and something else");
  const selection = { ...message.selection, prefix: withoutWildcard(prefix) };
  const extensions = Object.fromEntries(
    Object.entries(json.ext).map(([from, to]) => [withoutDots(from), to]),
  );
  return {
    ...message,
    selection,
    extensions,
    prepend: json.prepend.replace(/^\/+/, ""),
    dryRun: json.dry_run,
    synchronize: false,
  };
}

function parse<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  // Of a list the schema would see no members, and take it for an object with none.
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new AisError("badRequest", "invalid message: expecting a JSON object");
  const result = v.safeParse(schema, lowerCaseKeys(value));
  if (result.success) return result.output;
  const at = v.getDotPath(result.issues[0]);
  throw new AisError(
    "badRequest",
    `invalid message${at === null ? "" : ` at "${at}"`}: ${result.issues[0].message}`,
  );
}
