import { randomBytes } from "node:crypto";
import { must } from "@ais/base/assert.ts";
import { secretKey } from "./cluster-keys.ts";
import type { Coordinator } from "./coordinator/coordinator.ts";

const SECRET_BYTES = 32;

/**
 * A random secret that the nodes of the cluster share, made by the first that asks for it. It stands in the coordinator
 * beside the documents and in none of them, so that no reply, log or trace that shows a document can show it.
 */
export async function clusterSecret(coordinator: Coordinator, name: string): Promise<Uint8Array> {
  const key = secretKey(name);
  const known = await coordinator.get(key);
  if (known !== null) return Buffer.from(known.value, "base64");
  await coordinator.put(key, randomBytes(SECRET_BYTES).toString("base64"), "absent");
  // Another node may have been first: what stands there now is the secret.
  const made = must(await coordinator.get(key), `the coordinator lost the key "${key}"`);
  return Buffer.from(made.value, "base64");
}
