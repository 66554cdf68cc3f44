/** The list of parts that completes a multipart upload (wire-compat 3.8). */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";

const PartsSchema = v.array(
  v.strictObject({
    "part-number": v.pipe(v.number(), v.safeInteger()),
    etag: v.nullish(v.string()),
  }),
);

export const PART_NUMBER_MAX = 9999;

/** As the client names them, in its order. */
export function parseCompletedParts(value: unknown): readonly number[] {
  const result = v.safeParse(PartsSchema, value ?? []);
  if (!result.success) {
    throw new AisError("badRequest", `invalid list of parts: ${result.issues[0].message}`);
  }
  return result.output.map((part) => part["part-number"]);
}

export function parsePartNumber(text: string | null): number {
  const number = /^\d{1,4}$/.test(text ?? "") ? Number(text) : 0;
  if (number < 1) {
    throw new AisError(
      "badRequest",
      `invalid part number "${text ?? ""}", expecting 1 to ${PART_NUMBER_MAX}`,
    );
  }
  return number;
}
