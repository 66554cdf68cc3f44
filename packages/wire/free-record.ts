import * as v from "valibot";

/**
 * A JSON object whose keys are free, such as ids and names that users choose. `v.record` leaves out `__proto__`, `prototype`
 * and `constructor` without a word, which are names like any other here.
 */
export function freeRecord<T>(
  schema: v.GenericSchema<unknown, T>,
): v.GenericSchema<unknown, Readonly<Record<string, T>>> {
  return v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const { value: input } = dataset;
      if (typeof input !== "object" || input === null || Array.isArray(input)) {
        addIssue({ message: "expecting an object" });
        return NEVER;
      }
      const entries: [string, T][] = [];
      for (const [key, member] of Object.entries(input)) {
        const result = v.safeParse(schema, member);
        if (!result.success) {
          const [issue] = result.issues;
          const here = { type: "unknown", origin: "value", input, key, value: member } as const;
          addIssue({ message: issue.message, path: [here, ...(issue.path ?? [])] });
          return NEVER;
        }
        entries.push([key, result.output]);
      }
      // Defines every key as the object's own, `__proto__` too.
      return Object.fromEntries(entries);
    }),
  );
}
