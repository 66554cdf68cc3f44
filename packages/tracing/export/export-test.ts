import { errorText } from "@ais/base/errors.ts";
import { requestParts } from "../otlp/request.ts";
import type { TestedReport, TestMessage } from "./protocol.ts";
import type { Security } from "./security.ts";
import type { TokenFile } from "./token-file.ts";
import type { ExportOutcome, Transport } from "./transport.ts";

export interface ExportTestMeans {
  readonly scope: Uint8Array;
  readonly transport: Transport;
  readonly token: TokenFile | null;
  readonly security: Security;
}

/** One try of what every batch goes through, with nothing left out of the answer. Never rejects. */
export async function runExportTest(
  { id, resource, bytes }: TestMessage,
  { scope, transport, token, security }: ExportTestMeans,
): Promise<TestedReport> {
  const report = { type: "tested", id, latencyMs: 0, token: token === null ? "none" : "sent" } as const;
  try {
    await token?.token();
  } catch (error) {
    return { ...report, token: "unreadable", ok: false, status: errorText(error) };
  }
  const startedMs = performance.now();
  const outcome = await transport.export(requestParts(resource, scope, bytes));
  const latencyMs = performance.now() - startedMs;
  const { ok, status } = verdict(outcome);
  const hint = ok ? "" : await security.wrongScheme();
  return { ...report, latencyMs, ok, status: hint === "" ? status : `${hint} (${status})` };
}

/** One span was sent, so a collector that rejects any rejects this one. */
function verdict(outcome: ExportOutcome): { readonly ok: boolean; readonly status: string } {
  if (outcome.kind !== "taken") return { ok: false, status: outcome.error };
  const ok = outcome.rejected === 0;
  const told = outcome.message === "" ? "" : `: ${outcome.message}`;
  return { ok, status: `${ok ? "OK" : "rejected"}${told}` };
}
