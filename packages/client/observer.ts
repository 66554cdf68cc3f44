import type { TransportResponse } from "./transport.ts";

/** Sees every HTTP request, each hop of a redirect included; a caller that traces makes one CLIENT span of each. */
export interface RequestObserver {
  start(method: string, url: string): RequestObservation;
}

export interface RequestObservation {
  /** Added to the request, such as `traceparent`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The status line and headers are in. */
  responded(response: TransportResponse): void;
  /** Called once: the body was read to its end (null), given up (null), or the request failed. */
  ended(error: unknown): void;
}

/** The response with a body that reports its end. */
export function observedResponse(
  response: TransportResponse,
  observation: RequestObservation,
): TransportResponse {
  observation.responded(response);
  let body: ReadableStream<Uint8Array> | null = null;
  return {
    status: response.status,
    url: response.url,
    header: (name) => response.header(name),
    headerLines: (name) => response.headerLines(name),
    get body() {
      body ??= observedBody(response.body, observation);
      return body;
    },
  };
}

function observedBody(
  source: ReadableStream<Uint8Array>,
  observation: RequestObservation,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          observation.ended(null);
          controller.close();
        } catch (error) {
          observation.ended(error);
          throw error;
        }
      },
      async cancel(reason) {
        observation.ended(null);
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
