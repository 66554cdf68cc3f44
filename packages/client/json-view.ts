/** Replies whose members differ between versions are read member by member, and what is missing reads as absent. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object; `{}` for anything else. */
export function asJsonObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** The member at a dotted path such as `cluster.smap.version`; undefined when a step is missing. */
export function valueAt(json: unknown, path: string): unknown {
  let value = json;
  for (const key of path.split(".")) {
    const object = asJsonObject(value);
    if (!Object.hasOwn(object, key)) return undefined;
    value = object[key];
  }
  return value;
}

/** Empty when absent. Numbers come as their decimal text. */
export function textAt(json: unknown, path: string): string {
  const value = valueAt(json, path);
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? String(value)
    : "";
}

/** Zero when absent. Takes the decimal strings that the wire uses for 64-bit integers. */
export function numberAt(json: unknown, path: string): number {
  const value = valueAt(json, path);
  const number = typeof value === "string" || typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : 0;
}
