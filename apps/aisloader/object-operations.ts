/** PUT and GET of one object, measured. */
import { errorText } from "@ais/base/errors.ts";
import type { ContentHashing } from "@ais/storage/checksum.ts";
import { isChecksumType } from "@ais/wire/checksum.ts";
import { parseErrorBody } from "@ais/wire/error-body.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { objectPath } from "@ais/wire/paths.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { BodyVerifier } from "./body-verifier.ts";
import { USER_AGENT } from "./cluster/control.ts";
import type { Router } from "./cluster/router.ts";
import type { HttpCall, HttpClient } from "./http/client.ts";
import type { BodySink } from "./http/reply-reader.ts";
import { headerPattern, type ResponseHead } from "./http/response-head.ts";
import { TransportError } from "./http/transport-error.ts";
import type { LoadOptions } from "./load-options.ts";
import type { Outcome } from "./measure/recorder.ts";
import type { RequestTracer } from "./request-tracer.ts";
import type { Operation } from "./summary.ts";
import type { ObjectContent } from "./workload/object-content.ts";

export interface OperationTools {
  readonly options: LoadOptions;
  /** Query items that every call for an object of the bucket has. */
  readonly objectQuery: string;
  readonly router: Router;
  readonly tracer: RequestTracer;
  readonly hashing: ContentHashing;
}

type Failure = NonNullable<Outcome["failure"]>;

/** Text of an error reply that is kept. */
const ERROR_TEXT_MAX_BYTES = 4096;
const CHECKSUM_TYPE = headerPattern(HEADERS.checksumType);
const CHECKSUM_VALUE = headerPattern(HEADERS.checksumValue);
const USER_AGENT_LINE = `${HEADERS.userAgent}: ${USER_AGENT}\r\n`;

/** Null when it was cut short because the load was stopped. */
export async function putObject(
  tools: OperationTools,
  client: HttpClient,
  objectName: string,
  content: ObjectContent,
  position: number,
): Promise<Outcome | null> {
  const { options, router, hashing } = tools;
  const type = options.checksumType;
  const checksum =
    type === "none"
      ? ""
      : `${HEADERS.checksumType}: ${type}\r\n${HEADERS.checksumValue}: ${await content.checksum(hashing, type)}\r\n`;
  const exchange = new MeasuredExchange(tools, "put", objectName, position);
  return exchange.run(client, {
    method: "PUT",
    target: `${exchange.target}&${QUERY.skipVersionCheck}=true${router.putStamp()}`,
    headerLines: checksum,
    body: content,
    bytes: () => content.lengthBytes,
    sink: () => null,
  });
}

/** Null when it was cut short because the load was stopped. */
export async function getObject(
  tools: OperationTools,
  client: HttpClient,
  objectName: string,
  position: number,
): Promise<Outcome | null> {
  const { options, hashing } = tools;
  let bytes = 0;
  let check: ReplyCheck | null = null;
  const exchange = new MeasuredExchange(tools, "get", objectName, position);
  const outcome = await exchange.run(client, {
    method: "GET",
    target: exchange.target,
    headerLines: rangeLine(options),
    body: null,
    bytes: () => bytes,
    sink(head) {
      bytes = 0;
      const verify = options.verifyChecksum ? replyCheck(head, hashing) : null;
      check = verify;
      return (piece) => {
        bytes += piece.byteLength;
        verify?.verifier?.update(piece);
      };
    },
  });
  if (outcome === null || outcome.failure !== null || check === null) return outcome;
  return { ...outcome, failure: await checksumFailure(check) };
}

function rangeLine({ readOffsetBytes, readLengthBytes }: LoadOptions): string {
  if (readOffsetBytes === 0 && readLengthBytes === 0) return "";
  const last = readLengthBytes === 0 ? "" : readOffsetBytes + readLengthBytes - 1;
  return `${HEADERS.range}: bytes=${readOffsetBytes}-${last}\r\n`;
}

interface ReplyCheck {
  readonly type: string;
  readonly expected: string;
  /** Null when the reply names no checksum that can be computed. */
  readonly verifier: BodyVerifier | null;
}

function replyCheck(head: ResponseHead, hashing: ContentHashing): ReplyCheck {
  const type = head.header(CHECKSUM_TYPE) ?? "";
  const expected = head.header(CHECKSUM_VALUE) ?? "";
  const known = isChecksumType(type) && type !== "none" && expected !== "";
  return { type, expected, verifier: known ? new BodyVerifier(hashing, type) : null };
}

async function checksumFailure({ type, expected, verifier }: ReplyCheck): Promise<Failure | null> {
  if (verifier === null)
    return { kind: "checksum", text: `the reply has no checksum to verify (type "${type}")` };
  const computed = await verifier.digest();
  if (computed === expected.toLowerCase()) return null;
  return {
    kind: "checksum",
    text: `checksum mismatch: ${type} of the bytes is ${computed}, the reply says ${expected}`,
  };
}

interface Request extends Pick<HttpCall, "method" | "target" | "headerLines" | "body"> {
  /** Object bytes moved, asked when the reply is complete. */
  bytes(): number;
  /** For the body of a reply that says success. */
  sink(head: ResponseHead): BodySink | null;
}

/** One operation: where it goes, how long it takes, how it ends. */
class MeasuredExchange {
  /** Path and the query that every object call has. */
  readonly target: string;
  readonly #tools: OperationTools;
  readonly #operation: Operation;
  readonly #objectName: string;
  readonly #position: number;

  constructor(tools: OperationTools, operation: Operation, objectName: string, position: number) {
    this.target = `${objectPath(tools.options.bucket.name, objectName)}?${tools.objectQuery}`;
    this.#tools = tools;
    this.#operation = operation;
    this.#objectName = objectName;
    this.#position = position;
  }

  async run(client: HttpClient, request: Request): Promise<Outcome | null> {
    const trace = this.#tools.tracer.trace(this.#position);
    const errorPieces: Uint8Array[] = [];
    const startMs = performance.now();
    const outcome = (failure: Failure | null): Outcome => ({
      operation: this.#operation,
      objectName: this.#objectName,
      latencyMs: performance.now() - startMs,
      bytes: failure === null ? request.bytes() : 0,
      failure,
      traceId: trace?.traceId ?? null,
    });
    try {
      const head = await client.send({
        method: request.method,
        origin: this.#tools.router.originFor(this.#objectName, this.#position),
        target: request.target,
        headerLines: USER_AGENT_LINE + request.headerLines + (trace?.headerLine ?? ""),
        body: request.body,
        onReply(reply) {
          if (reply.status >= 200 && reply.status < 300) return request.sink(reply);
          errorPieces.length = 0;
          return (piece) => void (byteCount(errorPieces) < ERROR_TEXT_MAX_BYTES && errorPieces.push(piece));
        },
      });
      if (head.status >= 200 && head.status < 300) return outcome(null);
      return outcome({ kind: String(head.status), text: replyError(head.status, errorPieces) });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return error.failure === "interrupted"
        ? null
        : outcome({ kind: error.failure, text: errorText(error) });
    }
  }
}

function byteCount(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
}

function replyError(status: number, pieces: readonly Uint8Array[]): string {
  const text = Buffer.concat(pieces).toString("utf8", 0, ERROR_TEXT_MAX_BYTES).trim();
  return parseErrorBody(text)?.message ?? (text === "" ? `HTTP status ${status}` : text);
}
