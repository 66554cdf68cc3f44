import { readFile } from "node:fs/promises";
import { AisError, errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import { formatDurationMs, formatSizeIec } from "@ais/base/units.ts";
import { Counters } from "./counters.ts";
import type { Listen, TlsFiles } from "./listen.ts";
import type { Options } from "./options.ts";
import { WEB_DIR } from "./paths.ts";
import { type QueryServer, startQueryServer } from "./query/server.ts";
import { startGrpcReceiver } from "./receive/grpc.ts";
import { startHttpReceiver } from "./receive/http.ts";
import { Ingest } from "./receive/ingest.ts";
import { MAX_FILE_BYTES, MAX_QUEUED_BYTES, MAX_RECEIVING_BYTES } from "./receive/limits.ts";
import { Receiving } from "./receive/receiving.ts";
import { lockDataDir, openReader } from "./store/open.ts";
import { TraceReader } from "./store/reader.ts";
import { VERSION } from "./version.ts";
import { loadWebAssets } from "./web-assets.ts";

export interface Aistrace extends AsyncDisposable {
  readonly ports: { readonly otlpGrpc: number; readonly otlpHttp: number; readonly query: number };
  /** Rejects when the store has failed for good; never resolves. */
  readonly crashed: Promise<never>;
}

export interface AistraceOverrides {
  readonly maxQueuedBytes?: number;
  readonly maxReceivingBytes?: number;
}

/**
 * Opens the store, then the ports; the query port last, so that its answers mean that everything is up. Disposing goes the
 * other way round: what was received is stored before the file is closed. Throws `AisError` when the store cannot be used or a port is taken.
 */
export async function startAistrace(
  options: Options,
  logger: Logger,
  overrides: AistraceOverrides = {},
): Promise<Aistrace> {
  await using parts = new AsyncDisposableStack();
  const tls = await readTls(options);
  const listen = (port: number): Listen => ({ hostname: options.listenAddress, port, tls });
  const limits = { maxBytes: options.maxBytes, maxAgeMs: options.maxAgeMs };
  const counters = new Counters();
  const assets = await loadWebAssets(WEB_DIR);

  parts.use(lockDataDir(options.dataDir));
  const ingest = await Ingest.start({
    dataDir: options.dataDir,
    limits,
    maxQueuedBytes: overrides.maxQueuedBytes ?? MAX_QUEUED_BYTES,
    counters,
    logger,
  });
  parts.defer(() => ingest.stop());
  const reader = parts.adopt(new TraceReader(openReader(options.dataDir)), (it) => it.close());

  const stop = (server: QueryServer): Promise<void> => server.stop();
  const maxReceivingBytes = overrides.maxReceivingBytes ?? MAX_RECEIVING_BYTES;
  const httpListen = listen(options.otlpHttpPort);
  const http = parts.adopt(startHttpReceiver(httpListen, ingest, logger, maxReceivingBytes), stop);
  const grpc = parts.adopt(await startGrpcReceiver(listen(options.otlpGrpcPort), ingest, logger), stop);
  const context = {
    reader,
    ingest,
    receiving: new Receiving(MAX_FILE_BYTES, () => ingest.refusedForOverload()),
    counters,
    limits,
    queuedBytes: () => ingest.queuedBytes,
    nowMs: Date.now,
    logger,
    version: VERSION,
    otlpPorts: { grpc: grpc.port, http: http.port },
  };
  const query = parts.adopt(startQueryServer(listen(options.queryPort), context, assets), stop);

  const { spans, traces } = reader.counts();
  logger.log("info", "aistrace is ready", {
    version: VERSION,
    page: `${tls === null ? "http" : "https"}://${options.listenAddress}:${query.port}`,
    otlp_grpc: `${options.listenAddress}:${grpc.port}`,
    otlp_http: `${options.listenAddress}:${http.port}`,
    data_dir: options.dataDir,
    max_bytes: formatSizeIec(options.maxBytes),
    max_age: formatDurationMs(options.maxAgeMs),
    traces,
    spans,
  });
  const running = parts.move();
  return {
    ports: { otlpGrpc: grpc.port, otlpHttp: http.port, query: query.port },
    crashed: ingest.crashed,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function readTls({ tlsCert, tlsKey }: Options): Promise<TlsFiles | null> {
  if (tlsCert === "") return null;
  try {
    const [cert, key] = await Promise.all([readFile(tlsCert, "utf8"), readFile(tlsKey, "utf8")]);
    return { cert, key };
  } catch (cause) {
    throw new AisError("badRequest", `cannot read the TLS files: ${errorText(cause)}`, { cause });
  }
}
