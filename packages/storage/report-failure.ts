import type { AisError } from "@ais/base/errors.ts";
import type { Span } from "@ais/tracing/types.ts";
import { errorChainText, toStorageError } from "./storage-error.ts";
import type { OpenMountpath, StoreContext } from "./store-context.ts";

/** The failure for the caller. What lies under it is logged here, because the reply must not carry it. */
export function reportFailure(
  context: StoreContext,
  action: string,
  mountpath: OpenMountpath,
  error: unknown,
  span: Span,
): AisError {
  const failure = classify(action, mountpath, error);
  if (failure.code === "internal" || failure.code === "outOfSpace") {
    const fields = { mountpath: mountpath.path, error: errorChainText(error) };
    context.logger.log(failure.code === "internal" ? "error" : "warn", `failed to ${action}`, fields, span);
  }
  return failure;
}

/** Whatever fails on a mountpath that has gone fails because it has gone. */
function classify(action: string, { index }: OpenMountpath, error: unknown): AisError {
  const failure = toStorageError(action, error);
  if (failure.code !== "internal" || index.presence.isThere()) return failure;
  return index.presence.goneError(error);
}
