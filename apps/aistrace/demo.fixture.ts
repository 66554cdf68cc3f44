import { spanId, type TestSpan, traceId } from "./spans.fixture.ts";

/** Traces as an AIStore cluster sends them: for tests of the page, and to look at it. */

interface Step {
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly attributes?: NonNullable<TestSpan["attributes"]>;
  readonly events?: NonNullable<TestSpan["events"]>;
  readonly error?: boolean;
  readonly below?: readonly Step[];
}

const SERVER = 1;
const CLIENT = 2;
const INTERNAL = 0;
const ROUTE = "/v1/objects/{bucket}/{object}";

/** One GET through proxy, redirect and target. `n` makes it different from the others. */
export function getTrace(n: number, startMs: number): TestSpan[] {
  const scale = 0.6 + ((n * 7919) % 97) / 40;
  const isBroken = n % 9 === 4;
  const at = (ms: number): number => startMs + ms * scale;
  const target: Step = {
    service: "aistore-target",
    name: `GET ${ROUTE}`,
    kind: SERVER,
    startMs: at(0.9),
    durationMs: 3.4 * scale,
    error: isBroken,
    attributes: {
      "ais.bucket": "ais://nnn",
      "ais.object": `images/${n}.jpg`,
      "http.response.status_code": isBroken ? 500 : 200,
    },
    below: [
      {
        service: "aistore-target",
        name: "ais.index.lookup",
        kind: INTERNAL,
        startMs: at(1.1),
        durationMs: 0.12 * scale,
        attributes: { "ais.mountpath": "/data/mp1" },
      },
      {
        service: "aistore-target",
        name: "ais.file.read",
        kind: INTERNAL,
        startMs: at(1.4),
        durationMs: 2.5 * scale,
        error: isBroken,
        attributes: { "ais.bytes": 1_048_576, "ais.sendfile": true },
        ...(isBroken && {
          events: [
            {
              name: "exception",
              timeMs: at(3.6),
              attributes: { "exception.type": "EIO", "exception.message": "input/output error, read" },
            },
          ],
        }),
      },
    ],
  };
  const proxy: Step = {
    service: "aistore-proxy",
    name: `GET ${ROUTE}`,
    kind: SERVER,
    startMs: at(0),
    durationMs: 0.8 * scale,
    attributes: {
      "ais.operation": "object.get",
      "ais.bucket": "ais://nnn",
      "ais.redirect.node": `t${n % 3}`,
    },
    events: [
      { name: "ais.hrw", timeMs: at(0.4), attributes: { "ais.node": `t${n % 3}`, "ais.candidates": 3 } },
    ],
    below: [target],
  };
  return flatten(n, [proxy]);
}

/** A PUT from an instrumented client, with a remote backend behind the target. */
export function putTrace(n: number, startMs: number): TestSpan[] {
  const at = (ms: number): number => startMs + ms;
  const backend: Step = {
    service: "aistore-target",
    name: "PUT",
    kind: CLIENT,
    startMs: at(9),
    durationMs: 31,
    attributes: {
      "server.address": "s3.example.com",
      "aws.s3.bucket": "archive",
      "http.response.status_code": 200,
    },
  };
  const target: Step = {
    service: "aistore-target",
    name: `PUT ${ROUTE}`,
    kind: SERVER,
    startMs: at(4),
    durationMs: 39,
    attributes: { "ais.bucket": "ais://nnn", "http.request.body.size": 8_388_608 },
    below: [
      {
        service: "aistore-target",
        name: "ais.body.receive",
        kind: INTERNAL,
        startMs: at(4.2),
        durationMs: 1.1,
      },
      {
        service: "aistore-target",
        name: "ais.file.write",
        kind: INTERNAL,
        startMs: at(5.4),
        durationMs: 18,
        attributes: { "ais.bytes": 8_388_608 },
      },
      backend,
      { service: "aistore-target", name: "ais.file.sync", kind: INTERNAL, startMs: at(24), durationMs: 6.5 },
      {
        service: "aistore-target",
        name: "ais.index.commit",
        kind: INTERNAL,
        startMs: at(40.5),
        durationMs: 1.9,
      },
    ],
  };
  const client: Step = {
    service: "trainer",
    name: "save checkpoint",
    kind: INTERNAL,
    startMs: at(0),
    durationMs: 46,
    below: [
      { service: "trainer", name: "serialize", kind: INTERNAL, startMs: at(0.2), durationMs: 1.4 },
      {
        service: "aistore-proxy",
        name: `PUT ${ROUTE}`,
        kind: SERVER,
        startMs: at(2),
        durationMs: 1.2,
        below: [target],
      },
    ],
  };
  return flatten(n, [client]);
}

/** A job of many steps, most of them alike: `count` spans in all. */
export function largeTrace(n: number, startMs: number, count: number): TestSpan[] {
  const perObject = 4;
  const objects: Step[] = [];
  for (let i = 0; i < Math.floor((count - 1) / perObject); i++) {
    const from = startMs + i * 0.5;
    objects.push({
      service: "aistore-target",
      name: "ais.copy.object",
      kind: INTERNAL,
      startMs: from,
      durationMs: 2.4,
      error: i % 1000 === 999,
      attributes: { "ais.object": `train/${String(i).padStart(6, "0")}.tar` },
      below: ["ais.index.lookup", "ais.file.read", "ais.file.write"].map((name, k) => ({
        service: "aistore-target",
        name,
        kind: INTERNAL,
        startMs: from + 0.1 + k * 0.7,
        durationMs: 0.6,
      })),
    });
  }
  const durationMs = objects.length * 0.5 + 3;
  return flatten(n, [
    {
      service: "aistore-target",
      name: "ais.job copy-bucket",
      kind: INTERNAL,
      startMs,
      durationMs,
      below: objects,
    },
  ]);
}

function flatten(n: number, steps: readonly Step[]): TestSpan[] {
  const spans: TestSpan[] = [];
  const add = (step: Step, parent: string | undefined): void => {
    const id = spanId(n * 1_000_000 + spans.length + 1);
    const { below: _, ...span } = step;
    spans.push({
      ...span,
      traceId: traceId(n),
      spanId: id,
      ...(parent !== undefined && { parentSpanId: parent }),
      resource: {
        "service.version": "5.0.0",
        "host.name": "node-1",
        "service.instance.id": `${step.service}-1`,
      },
      scope: "aistore",
    });
    for (const child of step.below ?? []) add(child, id);
  };
  for (const step of steps) add(step, undefined);
  return spans;
}
