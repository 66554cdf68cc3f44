/**
 * The way of one request through a daemon: resolve, trace, authenticate, detect, screen, run (design.md 3). Detection comes
 * first in time, since the span is named by the operation. Errors become replies here and only here.
 */
import { type Clock, systemClock } from "@ais/base/clock.ts";
import { AisError, ERROR_CODES, errorText } from "@ais/base/errors.ts";
import type { LimitName } from "@ais/base/limits.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Span } from "@ais/tracing/types.ts";
import { OPERATIONS, type Operation } from "@ais/wire/operations.ts";
import type { DaemonType } from "@ais/wire/smap.ts";
import {
  type Call,
  callerIdOf,
  type DispatchTable,
  type NodeServices,
  type OperationHandler,
} from "./call.ts";
import { allowedMethods, type Detected, detectOperation } from "./detect.ts";
import { errorReply, toAisError } from "./error-reply.ts";
import type { HttpHandler, HttpReply, HttpRequest, ReplyOutcome } from "./http/types.ts";
import { ParsedQuery } from "./query.ts";
import { emptyReply, type HeaderLines } from "./replies.ts";
import { RequestCarrier } from "./request-carrier.ts";
import type { RequestUnderWay } from "./requests/in-flight.ts";
import { screen } from "./screen.ts";
import { keptFacts, requestFacts, setReplyAttributes } from "./trace-request.ts";

/** Decides whether the caller may do this; throws `unauthorized` or `forbidden`. */
export type Authenticate = (call: Call) => void | Promise<void>;

export interface PipelineOptions<S extends NodeServices, O extends Operation> {
  readonly role: DaemonType;
  readonly dispatch: DispatchTable<S, O>;
  readonly services: S;
  /** Everyone may do everything when absent. */
  readonly authenticate?: Authenticate;
  readonly clock?: Clock;
}

/** Status under which a reply counts that its client did not wait for. */
const STATUS_CLIENT_CLOSED = 499;
/** The limit of `LIMITS` that a request met. */
const LIMIT_ATTRIBUTE = "ais.limit";
const SEND_SPAN = "ais.reply.send";
const SLOW_TO_SEND_BYTES = 16 * 1024;
const FIRST_SERVER_ERROR = 500;
const NS_PER_MS = 1e6;

export function createPipeline<S extends NodeServices, O extends Operation>(
  options: PipelineOptions<S, O>,
): HttpHandler {
  const { role, services } = options;
  const clock = options.clock ?? systemClock;
  // Detection yields an operation of the role only if the role's table has it; `handlerOf` says so when it does not.
  const dispatch: Partial<Record<Operation, OperationHandler<S>>> = options.dispatch;

  // Stays on the turn of the event loop that brought the request as long as nothing has to be waited for: a GET of a
  // small object then costs no promise (measured: 1.5 us of CPU less, of 15), and its client cannot have left meanwhile.
  return (request) => {
    const startedMs = clock.monotonicMs();
    const detected = detectOperation(request.method, request.rawPath, role);
    const handler = detected instanceof AisError ? undefined : dispatch[detected.operation];
    if (detected instanceof AisError || handler === undefined) return refuse(request, detected, options);
    let query: ParsedQuery;
    try {
      query = new ParsedQuery(request.rawQuery);
    } catch (error) {
      return refuse(request, toAisError(error), options);
    }
    const span = trace(request, query, detected, services);
    const { operation, bucketName, objectName, rest } = detected;
    const { snapshot } = services.member;
    const call: Call = { operation, bucketName, objectName, rest, request, query, snapshot, span };
    if (span.sampled) span.describe(requestFacts(call, role));
    const underWay = services.requests.inFlight.begin(call, startedMs);
    const run = (): HttpReply | Promise<HttpReply> => {
      screen(call);
      return handler(call, services);
    };
    const succeed = (reply: HttpReply): HttpReply =>
      finish({ reply, isThrown: false, underWay, services, clock });
    const fail = (error: unknown): HttpReply =>
      finish({ reply: convert(error, call, services), isThrown: true, underWay, services, clock });
    let reply: HttpReply | Promise<HttpReply>;
    try {
      const allowed = options.authenticate?.(call);
      reply = allowed === undefined ? run() : allowed.then(run);
    } catch (error) {
      return fail(error);
    }
    return reply instanceof Promise ? reply.then(succeed, fail) : succeed(reply);
  };
}

function trace(request: HttpRequest, query: ParsedQuery, detected: Detected, services: NodeServices): Span {
  const { operation } = detected;
  const entry = OPERATIONS[operation];
  if (!entry.traced) return NOOP_SPAN;
  return services.tracing.startServer(
    spanName(request.method, operation),
    new RequestCarrier(request, query, detected),
  );
}

/** Texts made once: one made for a request would be hashed and encoded anew for each. */
const SPAN_NAMES: ReadonlyMap<Operation, string> = new Map(
  Object.entries(OPERATIONS).map(([operation, { method, route }]) => [
    operation as Operation,
    `${method} ${route}`,
  ]),
);

function spanName(method: string, operation: Operation): string {
  const entry = OPERATIONS[operation];
  const known = method === entry.method ? SPAN_NAMES.get(operation) : undefined;
  return known ?? `${method} ${entry.route}`;
}

/** Replies to what is no operation of this role. It has no route, so it has neither span nor metric. */
function refuse(
  request: HttpRequest,
  detected: Detected | AisError,
  { role, services }: { readonly role: DaemonType; readonly services: NodeServices },
): HttpReply {
  if (request.rawPath === "/favicon.ico") return emptyReply(204);
  const allow = request.method === "OPTIONS" ? allowedMethods(request.rawPath, role) : null;
  if (allow !== null) return emptyReply(200, [["Allow", allow]]);
  const error =
    detected instanceof AisError
      ? detected
      : new AisError("unsupported", `${detected.operation} is not supported by a ${role}`);
  services.logger.log("debug", "refused a request", {
    method: request.method,
    path: request.rawPath,
    status: error.status,
  });
  return errorReply(error, request, services.facts);
}

function convert(thrown: unknown, call: Call, services: NodeServices): HttpReply {
  const error = toAisError(thrown);
  const { span, request } = call;
  if (error.limit !== null) {
    span.set(LIMIT_ATTRIBUTE, error.limit);
    services.metrics.limitHit(error.limit);
  }
  if (error.status >= FIRST_SERVER_ERROR) {
    span.exception(thrown);
    span.fail(error.code, error.message);
    const hidden = error.cause instanceof Error ? error.cause : null;
    // What was cut short because the client left is no failure of the node.
    const level = request.signal.aborted ? "debug" : ERROR_CODES[error.code].logLevel;
    services.logger.log(
      level,
      "failed to serve a request",
      {
        operation: call.operation,
        method: request.method,
        path: request.rawPath,
        error: errorText(thrown),
        cause: hidden?.message,
        stack: hidden?.stack,
      },
      span,
    );
  }
  return errorReply(error, request, services.facts);
}

interface Ending {
  readonly reply: HttpReply;
  /** The reply was made from an error, which the span already tells. */
  readonly isThrown: boolean;
  readonly underWay: RequestUnderWay;
  readonly services: NodeServices;
  readonly clock: Clock;
}

/** Puts the reply's end, which is also the request's, in one place: the span, the metrics and the access log end together. */
function finish({ reply, isThrown, underWay, services, clock }: Ending): HttpReply {
  const { call, startedMs } = underWay;
  const { requests } = services;
  const { span, operation, request } = call;
  underWay.isReplied = true;
  if (span.recording) {
    setReplyAttributes(call, reply, services.facts.role);
    // An error is judged before its head goes out, so that its headers say whether its trace is kept.
    if (reply.status >= FIRST_SERVER_ERROR && !span.sampled)
      judge(call, reply.status, clock.monotonicMs() - startedMs, services);
  }
  // Small replies leave at once, and files have a span of their own.
  const sending = isSlowToSend(reply) ? span.child(SEND_SPAN) : null;
  let isDone = false;
  const onDone = (outcome: ReplyOutcome): void => {
    if (isDone) return;
    isDone = true;
    reply.onDone?.(outcome);
    sending?.end();
    const status = statusOf(reply, outcome);
    if (outcome !== "sent") {
      span.fail(outcome);
      if (outcome === "too_slow") span.set(LIMIT_ATTRIBUTE, "reply_rate" satisfies LimitName);
      services.metrics.add("err.http.write.n", 1);
    }
    if (outcome === "sent" && status >= FIRST_SERVER_ERROR && !isThrown) span.fail(String(status));
    const durationMs = clock.monotonicMs() - startedMs;
    if (span.recording && !span.sampled) {
      judge(call, status, durationMs, services);
      if (!span.sampled) span.describe(keptFacts(call, services.facts.role));
    }
    services.metrics.request(operation, status, durationMs * NS_PER_MS, span);
    const level = isNews({ status, outcome, isThrown, operation }) ? "warn" : "debug";
    if (services.logger.isEnabled(level)) {
      services.logger.log(
        level,
        "served a request",
        {
          operation,
          method: request.method,
          path: request.rawPath,
          status,
          outcome,
          duration_ms: durationMs,
        },
        span,
      );
    }
    span.end();
    requests.inFlight.end(underWay);
    if (requests.finished.isWatched) requests.finished.publish({ call, reply, outcome, status, durationMs });
  };
  const { status, body, announcedLengthBytes } = reply;
  const headers = withTraceHeaders(reply, call, services);
  return announcedLengthBytes === undefined
    ? { status, headers, body, onDone }
    : { status, headers, body, announcedLengthBytes, onDone };
}

/** A thrown error was logged at its own level when it was thrown, and a probe's "not ready" is an answer like any other. */
function isNews(end: {
  readonly status: number;
  readonly outcome: ReplyOutcome;
  readonly isThrown: boolean;
  readonly operation: Operation;
}): boolean {
  if (end.outcome === "io_error") return true;
  return end.status >= FIRST_SERVER_ERROR && !end.isThrown && OPERATIONS[end.operation].traced;
}

/** A request that was not sampled and went well left no trace to be found, so its reply names none. */
function withTraceHeaders(
  reply: HttpReply,
  { span, operation }: Call,
  { tracing }: NodeServices,
): HeaderLines {
  const isTold = OPERATIONS[operation].traced && (span.sampled || reply.status >= 400);
  if (!isTold) return reply.headers;
  const headers = tracing.responseHeaders(span);
  const lines = reply.headers.slice();
  for (const name in headers) lines.push([name, headers[name] ?? ""]);
  return lines;
}

/** The nodes that this one called are told by `tracing` itself; who called it is told here. */
function judge(
  call: Call,
  status: number,
  durationMs: number,
  { tracing, requests, facts }: NodeServices,
): void {
  const { span, operation } = call;
  if (!tracing.judge(span, { operation, status, durationMs })) return;
  span.describe(requestFacts(call, facts.role));
  requests.tailNotices.tell(span.context.traceId, [callerIdOf(call)]);
}

/** Bytes that the kernel may not take at once. */
function isSlowToSend({ body }: HttpReply): boolean {
  if (body === null) return false;
  if (typeof body === "string" || body instanceof Uint8Array) return body.length > SLOW_TO_SEND_BYTES;
  return body.kind === "stream";
}

function statusOf(reply: HttpReply, outcome: ReplyOutcome): number {
  switch (outcome) {
    case "sent":
      return reply.status;
    case "client_closed":
    case "too_slow":
      return STATUS_CLIENT_CLOSED;
    case "io_error":
      return 500;
  }
}
