import { BucketApi } from "./bucket-api.ts";
import { Caller, type StartUpWait } from "./caller.ts";
import { ClusterApi } from "./cluster-api.ts";
import { FetchTransport } from "./fetch-transport.ts";
import { JobApi } from "./job-api.ts";
import { MembershipApi } from "./membership-api.ts";
import { ObjectApi } from "./object-api.ts";
import type { RequestObserver } from "./observer.ts";
import { StorageApi } from "./storage-api.ts";
import { TraceApi } from "./trace-api.ts";
import type { Transport } from "./transport.ts";
import { UploadApi } from "./upload-api.ts";

export interface AisClientOptions {
  /** URL of any proxy. */
  readonly endpoint: string;
  /** Default: `fetch`. Give `NodeTransport` on Node and Bun, where it can do more. */
  readonly transport?: Transport;
  /** Bearer token. */
  readonly token?: string;
  /** Sent with every request, such as `traceparent` of the caller's own span. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly observer?: RequestObserver;
  readonly startUpWait?: StartUpWait;
}

/** The cluster behind one endpoint. Every call may throw `AisApiError` and `ConnectionError`. */
export class AisClient {
  readonly cluster: ClusterApi;
  readonly buckets: BucketApi;
  readonly objects: ObjectApi;
  readonly jobs: JobApi;
  readonly membership: MembershipApi;
  readonly storage: StorageApi;
  readonly trace: TraceApi;
  readonly uploads: UploadApi;
  readonly endpoint: string;
  readonly #transport: Transport;

  constructor(options: AisClientOptions) {
    this.#transport = options.transport ?? new FetchTransport();
    const caller = new Caller({
      endpoint: options.endpoint,
      transport: this.#transport,
      headers: {
        ...options.headers,
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      },
      observer: options.observer ?? null,
      startUpWait: options.startUpWait ?? null,
    });
    this.endpoint = caller.origin;
    this.cluster = new ClusterApi(caller);
    this.buckets = new BucketApi(caller);
    this.objects = new ObjectApi(caller);
    this.jobs = new JobApi(caller);
    this.membership = new MembershipApi(caller);
    this.storage = new StorageApi(caller);
    this.trace = new TraceApi(caller);
    this.uploads = new UploadApi(caller);
  }

  /** Closes idle connections, so that a process can end. */
  close(): void {
    this.#transport.close();
  }
}
