/** Options that select objects for jobs. */
import { AisError } from "@ais/base/errors.ts";
import { type ObjectTemplate, parseTemplate, templateCount } from "@ais/wire/object-template.ts";
import { UsageError } from "../errors.ts";

export interface SelectionOptions {
  readonly list?: string;
  readonly template?: string;
  readonly prefix?: string;
}

export interface Selection {
  readonly names: readonly string[];
  readonly template: string;
  readonly prefix: string;
  /** How many names there are; null when only the cluster knows. */
  readonly count: number | null;
}

export const LIST_HELP = "comma-separated names";
export const TEMPLATE_HELP = 'such as "shard-{0000..9999}.tar", "shard-@999.tar", "shard-%04d.tar"';

/** At most one of the three may be given. */
export function parseSelection({ list, template, prefix }: SelectionOptions): Selection {
  const given = [list, template, prefix].filter((value) => value !== undefined).length;
  if (given > 1) throw new UsageError("--list, --template and --prefix exclude each other");
  const names = (list ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (list !== undefined && names.length === 0) throw new UsageError("--list has no names");
  const count = template === undefined ? null : countOf(template);
  return {
    names,
    template: template ?? "",
    prefix: prefix ?? "",
    count: names.length > 0 ? names.length : count,
  };
}

function countOf(template: string): number | null {
  const parsed = parseObjectTemplate(template);
  const count = templateCount(parsed);
  return parsed.ranges.length === 0 || !Number.isFinite(count) ? null : count;
}

/** Throws `UsageError` for one that is malformed. */
export function parseObjectTemplate(template: string): ObjectTemplate {
  try {
    return parseTemplate(template);
  } catch (error) {
    throw error instanceof AisError ? new UsageError(error.message) : error;
  }
}
