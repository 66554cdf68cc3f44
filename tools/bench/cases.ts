/** The four loads. */
export const CASES = ["get_4k", "get_1m", "put_4k", "put_1m"] as const;
export type CaseName = (typeof CASES)[number];

export interface CasePlan {
  readonly title: string;
  readonly method: "GET" | "PUT";
  readonly objectBytes: number;
  readonly connections: number;
  /** Ends a measurement early; 0 is no limit. What a PUT replaces is kept on disk for a minute. */
  readonly requestsMax: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const CASE_PLANS: Readonly<Record<CaseName, CasePlan>> = {
  get_4k: {
    title: "GET 4 KiB",
    method: "GET",
    objectBytes: 4 * KIB,
    connections: 32,
    requestsMax: 0,
  },
  get_1m: {
    title: "GET 1 MiB",
    method: "GET",
    objectBytes: MIB,
    connections: 8,
    requestsMax: 0,
  },
  put_4k: {
    title: "PUT 4 KiB",
    method: "PUT",
    objectBytes: 4 * KIB,
    connections: 32,
    requestsMax: 0,
  },
  put_1m: {
    title: "PUT 1 MiB",
    method: "PUT",
    objectBytes: MIB,
    connections: 8,
    requestsMax: 256,
  },
};
