/** Which operation a request asks for, from its method and path alone (wire-compat 1.3). */
import { AisError } from "@ais/base/errors.ts";
import { invalidRequestUri, urlTooShort } from "@ais/wire/error-texts.ts";
import { decodeObjectPath } from "@ais/wire/object-name.ts";
import type { Operation } from "@ais/wire/operations.ts";
import type { DaemonType } from "@ais/wire/smap.ts";

export interface Detected {
  readonly operation: Operation;
  /** Decoded, empty when the route has none. */
  readonly bucketName: string;
  /** Decoded with its inner slashes, leading ones collapsed; empty when the route has none. */
  readonly objectName: string;
  /** Decoded path items after the route's literal part (a listing's prefix, `set-config`, …). */
  readonly rest: readonly string[];
}

/** Where a path's variable part starts and what it is made of. */
type Shape = "none" | "object" | "bucket" | "rest" | "easy";

interface Route {
  readonly shape: Shape;
  readonly roles: readonly DaemonType[];
  /** Method to operation; `*` matches every method. */
  readonly methods: Readonly<Record<string, Operation>>;
  /** Of a path that ends with the literal part, where that is another operation. */
  readonly methodsAtRoot?: Readonly<Record<string, Operation>>;
  /** Methods of AIStore that this server does not have: 501 rather than 405. */
  readonly unsupportedMethods?: readonly string[];
  /** Routes below this one, by their next literal item. */
  readonly below?: Readonly<Record<string, Route>>;
}

const BOTH: readonly DaemonType[] = ["proxy", "target"];
const OBJECT_METHODS = {
  GET: "object.get",
  PUT: "object.put",
  HEAD: "object.head",
  DELETE: "object.delete",
  POST: "object.post",
  PATCH: "object.patch",
} as const;

const BUCKET_METHODS = {
  GET: "object.list",
  POST: "bucket.create",
  PUT: "bucket.put",
  DELETE: "bucket.destroy",
  HEAD: "bucket.head",
  PATCH: "bucket.set-props",
} as const;
/** Of an easy URL that names no object. */
const EASY_BUCKET_METHODS: Readonly<Record<string, Operation>> = (({ PUT: _, ...methods }) => methods)(
  BUCKET_METHODS,
);
/** The rest of their path is a prefix of object names. To any other call it would be a bucket that is not meant. */
const TAKES_PREFIX: readonly Operation[] = ["object.list", "bucket.head"];

/** A part of AIStore that is not here: its list is empty, everything else below it is 501. */
function absentTree(list: Operation): Route {
  const unsupportedMethods = ["PUT", "POST", "DELETE", "HEAD", "PATCH"];
  return { shape: "none", roles: ["proxy"], methods: { GET: list }, unsupportedMethods };
}

/** By the literal path items, joined. */
const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>(
  Object.entries({
    "v1/objects": {
      shape: "object",
      roles: BOTH,
      methods: OBJECT_METHODS,
    },
    "v1/buckets": {
      shape: "bucket",
      roles: ["proxy"],
      methods: BUCKET_METHODS,
    },
    "v1/daemon": {
      shape: "rest",
      roles: BOTH,
      methods: { GET: "daemon.get", PUT: "daemon.set-config" },
      methodsAtRoot: { PUT: "daemon.act" },
      unsupportedMethods: ["POST", "DELETE"],
      below: {
        storage: {
          shape: "rest",
          roles: ["target"],
          methods: { GET: "storage.status", POST: "storage.start", DELETE: "storage.stop" },
        },
      },
    },
    "v1/cluster": {
      shape: "rest",
      roles: ["proxy"],
      methods: { GET: "cluster.get", PUT: "cluster.set-config" },
      methodsAtRoot: { PUT: "cluster.act" },
      unsupportedMethods: ["POST"],
      below: { proxy: { shape: "rest", roles: ["proxy"], methods: { PUT: "cluster.set-primary" } } },
    },
    "v1/reverse/daemon": { shape: "rest", roles: ["proxy"], methods: { "*": "reverse.daemon" } },
    "v1/health": { shape: "none", roles: BOTH, methods: { GET: "health.get" } },
    "v1/intra/list": { shape: "none", roles: ["target"], methods: { POST: "intra.list" } },
    "v1/intra/job-object": { shape: "none", roles: ["target"], methods: { PUT: "intra.job-object" } },
    "v1/intra/jobs": {
      shape: "none",
      roles: ["target"],
      methods: { GET: "intra.jobs", DELETE: "intra.listing-stop" },
    },
    "v1/intra/hand-over": { shape: "none", roles: ["target"], methods: { POST: "intra.hand-over" } },
    "v1/intra/drop": { shape: "none", roles: ["target"], methods: { POST: "intra.drop" } },
    "v1/intra/missing": { shape: "none", roles: ["target"], methods: { POST: "intra.missing" } },
    "v1/intra/object": { shape: "none", roles: ["target"], methods: { PUT: "intra.object-put" } },
    "v1/intra/promote": { shape: "none", roles: ["target"], methods: { POST: "intra.promote" } },
    "v1/intra/promote-scan": { shape: "none", roles: ["target"], methods: { POST: "intra.promote-scan" } },
    "v1/intra/sync": { shape: "none", roles: BOTH, methods: { POST: "intra.sync" } },
    "v1/intra/trace-export": { shape: "none", roles: BOTH, methods: { POST: "intra.trace-export" } },
    "v1/intra/trace-tail": { shape: "none", roles: BOTH, methods: { GET: "intra.trace-tail" } },
    "v1/intra/trace-test": { shape: "none", roles: BOTH, methods: { POST: "intra.trace-test" } },
    "v1/trace/tail": { shape: "none", roles: ["proxy"], methods: { GET: "trace.tail" } },
    "v1/trace/test": { shape: "none", roles: ["proxy"], methods: { POST: "trace.test" } },
    // Easy URLs (wire-compat 1.5). The other providers' wait for remote buckets.
    ais: { shape: "easy", roles: ["proxy"], methods: OBJECT_METHODS },
    "v1/download": absentTree("download.list"),
    "v1/sort": absentTree("sort.list"),
    "v1/etl": absentTree("etl.list"),
    metrics: { shape: "none", roles: BOTH, methods: { GET: "metrics.get" } },
  }),
);

/** Trees of AIStore's API that this server does not have: 501 tells clients so, 400 would tell them they are wrong. */
const UNSUPPORTED_TREES: ReadonlySet<string> = new Set([
  "v1/download",
  "v1/sort",
  "v1/etl",
  "v1/ml",
  "v1/tokens",
  "v1/xactions",
]);
const UNSUPPORTED_ROOTS: ReadonlySet<string> = new Set(["s3", "gs", "az"]);

/** Longest chain of literal items in `ROUTES`. */
const LITERAL_ITEMS_MAX = 3;

/** The operation, or the error to reply with: 400 for an unknown path, 405 with `Allow`, 501 for what AIStore has and we do not. */
export function detectOperation(method: string, rawPath: string, role: DaemonType): Detected | AisError {
  const found = findRoute(rawPath);
  if (found === null || !found.route.roles.includes(role)) return unknownPath(method, rawPath);
  const { route, restAt } = found;
  const isRoot = route.methodsAtRoot !== undefined && skipSlashes(rawPath, restAt) === rawPath.length;
  const atRoot = isRoot ? route.methodsAtRoot?.[method] : undefined;
  const operation = atRoot ?? route.methods[method] ?? route.methods["*"];
  if (operation === undefined) return wrongMethod(method, rawPath, route);
  try {
    return variablePart(operation, route.shape, method, rawPath, restAt);
  } catch (error) {
    if (error instanceof AisError) return error;
    throw error;
  }
}

/** The value of `Allow` for a path: for 405 and for OPTIONS. Null when the path is unknown. */
export function allowedMethods(rawPath: string, role: DaemonType): string | null {
  const found = findRoute(rawPath);
  if (found === null || !found.route.roles.includes(role)) return null;
  return allowOf(found.route);
}

function findRoute(rawPath: string): { readonly route: Route; readonly restAt: number } | null {
  const firstAt = skipSlashes(rawPath, 0);
  let literal = "";
  let at = firstAt;
  for (let count = 0; count < LITERAL_ITEMS_MAX; count++) {
    const start = skipSlashes(rawPath, at);
    if (start === rawPath.length) return null;
    const slash = rawPath.indexOf("/", start);
    const end = slash < 0 ? rawPath.length : slash;
    // Without repeated slashes, which is nearly always, the items so far are one piece of the path.
    literal =
      start - at <= 1 && literal.length === Math.max(at - firstAt, 0)
        ? rawPath.slice(firstAt, end)
        : `${literal}${count === 0 ? "" : "/"}${rawPath.slice(start, end)}`;
    at = end;
    const route = ROUTES.get(literal);
    if (route !== undefined) return routeBelow(route, rawPath, at) ?? { route, restAt: at };
  }
  return null;
}

function routeBelow({ below }: Route, rawPath: string, from: number) {
  if (below === undefined) return null;
  const start = skipSlashes(rawPath, from);
  const slash = rawPath.indexOf("/", start);
  const end = slash < 0 ? rawPath.length : slash;
  const item = rawPath.slice(start, end);
  const route = Object.hasOwn(below, item) ? below[item] : undefined;
  return route === undefined ? null : { route, restAt: end };
}

function variablePart(
  operation: Operation,
  shape: Shape,
  method: string,
  rawPath: string,
  restAt: number,
): Detected {
  const start = skipSlashes(rawPath, restAt);
  switch (shape) {
    case "none":
      if (start !== rawPath.length) throw unknownPath(method, rawPath);
      return { operation, bucketName: "", objectName: "", rest: [] };
    case "rest":
      return { operation, bucketName: "", objectName: "", rest: decodeItems(rawPath, start) };
    case "bucket": {
      const [bucketName = "", ...rest] = decodeItems(rawPath, start);
      if (bucketName === "" && operation !== "object.list") throw urlTooShort(rawPath);
      if (rest.length > 0 && !TAKES_PREFIX.includes(operation)) throw invalidRequestUri(method, rawPath);
      return {
        operation: bucketName === "" ? "bucket.list" : operation,
        bucketName,
        objectName: "",
        rest,
      };
    }
    case "easy": {
      if (decodeItems(rawPath, start).length > 1)
        return variablePart(operation, "object", method, rawPath, restAt);
      const ofBucket = EASY_BUCKET_METHODS[method];
      if (ofBucket === undefined) throw urlTooShort(rawPath);
      return variablePart(ofBucket, "bucket", method, rawPath, restAt);
    }
    case "object": {
      const slash = rawPath.indexOf("/", start);
      const nameAt = slash < 0 ? rawPath.length : skipSlashes(rawPath, slash);
      if (nameAt === rawPath.length) {
        // Actions on a bucket's objects that name none of them.
        if (operation !== "object.post" || slash === start || start === rawPath.length)
          throw urlTooShort(rawPath);
        const end = slash < 0 ? rawPath.length : slash;
        return { operation, bucketName: decodePathText(rawPath.slice(start, end)), objectName: "", rest: [] };
      }
      return {
        operation,
        bucketName: decodePathText(rawPath.slice(start, slash)),
        objectName: decodeObjectPath(rawPath.slice(nameAt)),
        rest: [],
      };
    }
  }
}

function decodeItems(rawPath: string, start: number): string[] {
  return rawPath
    .slice(start)
    .split("/")
    .filter((item) => item !== "")
    .map(decodePathText);
}

function decodePathText(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new AisError("badRequest", `invalid escape in path item "${text}"`, { cause });
  }
}

function skipSlashes(path: string, from: number): number {
  let at = from;
  while (at < path.length && path.charCodeAt(at) === 0x2f) at++;
  return at;
}

function allowOf(route: Route): string {
  const methods = Object.hasOwn(route.methods, "*")
    ? ["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"]
    : Object.keys(route.methods);
  return [...methods, "OPTIONS"].join(", ");
}

function wrongMethod(method: string, rawPath: string, route: Route): AisError {
  if (route.unsupportedMethods?.includes(method)) {
    return new AisError("unsupported", `${method} ${rawPath} is not supported`);
  }
  return new AisError("methodNotAllowed", `invalid method ${method} for "${rawPath}"`, {
    headers: { Allow: allowOf(route) },
  });
}

function unknownPath(method: string, rawPath: string): AisError {
  const [root = "", second = ""] = rawPath.split("/").filter((item) => item !== "");
  if (UNSUPPORTED_ROOTS.has(root) || UNSUPPORTED_TREES.has(`${root}/${second}`)) {
    return new AisError("unsupported", `"${rawPath}" is not supported`);
  }
  return invalidRequestUri(method, rawPath);
}
