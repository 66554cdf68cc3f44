/** The envelope of control calls (wire-compat 2.1). */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { decodeJson } from "./json.ts";

export interface ActMsg {
  readonly action: string;
  readonly name: string;
  /** Null when absent. The handler of the action checks its shape. */
  readonly value: unknown;
}

const ActMsgSchema = v.object({
  action: v.nullish(v.string(), ""),
  name: v.nullish(v.string(), ""),
  value: v.nullish(v.unknown(), null),
});

/** Unknown and missing keys are fine and keys match in any case; an empty text is a message without an action. */
export function parseActMsg(text: string): ActMsg {
  if (text.trim() === "") return { action: "", name: "", value: null };
  const json = decodeJson(text);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new AisError("badRequest", "failed to parse the action message: expecting a JSON object");
  }
  const result = v.safeParse(ActMsgSchema, lowerCaseKeys(json));
  if (!result.success) {
    throw new AisError("badRequest", `failed to parse the action message: ${result.issues[0].message}`);
  }
  return { action: result.output.action, name: result.output.name, value: result.output.value ?? null };
}

/** All three keys, as Go sends them. */
export function actMsg(action: string, value: unknown = null, name = ""): ActMsg {
  return { action, name, value };
}

/** The same members under lower-case keys; nothing below the first level changes. */
export function lowerCaseKeys(json: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(json).map(([key, value]): [string, unknown] => [key.toLowerCase(), value]),
  );
}
