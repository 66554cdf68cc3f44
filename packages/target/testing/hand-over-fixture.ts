/** For tests of `HandOver`: one object, and its owner as a server. */
import { AisError } from "@ais/base/errors.ts";
import { MemoryJobs } from "@ais/cluster/fixtures/memory-jobs.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { MemoryMember, memoryNode } from "@ais/node/testing/memory-member.ts";
import { memoryServices } from "@ais/node/testing/memory-services.ts";
import { NO_WORKERS, type Workers } from "@ais/node/workers/workers.ts";
import type { ObjectAttributes, ObjectKey, ObjectReader, ObjectStore } from "@ais/storage/types.ts";
import { decodeTransfer, TRANSFER_HEADER } from "@ais/wire/object-transfer.ts";
import { ShareHolds } from "../jobs/share-holds.ts";
import { HandOver } from "../placement/hand-over.ts";

export const KEY: ObjectKey = { bucketId: 1n, bucketName: "ais://b", objectName: "o", uname: "ais/@#/b/o" };
export const NEVER = new AbortController().signal;

interface Stored {
  readonly bytes: Uint8Array;
  readonly attributes: ObjectAttributes;
}

export function stored(text: string, createdNs: bigint): Stored {
  const bytes = new TextEncoder().encode(text);
  return {
    bytes,
    attributes: {
      sizeBytes: bytes.length,
      checksum: null,
      version: "1",
      createdNs,
      atimeNs: 1n,
      custom: {},
      mountpath: "/mp",
    },
  };
}

/** One object, which may change under whoever reads it. */
class OneObjectStore {
  object: Stored | null;
  releases = 0;

  constructor(object: Stored | null) {
    this.object = object;
  }

  async get(): Promise<ObjectReader> {
    const { object } = this;
    if (object === null) throw new AisError("notFound", "missing");
    return {
      attributes: object.attributes,
      offsetBytes: 0,
      lengthBytes: object.bytes.length,
      content: { kind: "bytes", bytes: object.bytes },
      release: () => void this.releases++,
    };
  }

  async head(): Promise<ObjectAttributes | null> {
    return this.object?.attributes ?? null;
  }

  async delete(...[, , , notNewerThanNs]: Parameters<ObjectStore["delete"]>): Promise<boolean> {
    const { object } = this;
    if (object === null || object.attributes.createdNs > (notNewerThanNs ?? object.attributes.createdNs))
      return false;
    this.object = null;
    return true;
  }

  async deleteUnchanged(_key: ObjectKey, looked: ObjectAttributes): Promise<boolean> {
    if (this.object?.attributes.createdNs !== looked.createdNs) return false;
    this.object = null;
    return true;
  }
}

/** The owner, as a server; `onArrival` runs before it answers. */
function startOwner(onArrival: (text: string) => Promise<number>) {
  const arrived: string[] = [];
  const server = Bun.serve({
    port: 0,
    async fetch(request) {
      const transfer = decodeTransfer(request.headers.get(TRANSFER_HEADER));
      const text = await request.text();
      const status = await onArrival(text);
      if (status !== 200) return Response.json({ message: "no", status }, { status });
      arrived.push(`${text}@${transfer.moved?.createdNs}`);
      return Response.json({ stored: true, version: "1", checksum: null, atimeNs: "1" });
    },
  });
  return { server, arrived };
}

export async function handOverFixture(
  object: Stored | null,
  onArrival: (text: string) => Promise<number>,
  sync: Workers["sync"] = NO_WORKERS.sync,
  jobs = new MemoryJobs(),
) {
  const { server, arrived } = startOwner(onArrival);
  const self = memoryNode("target", "selfnode", 1, 1n);
  const owner = memoryNode("target", "ownernode", server.port ?? 0, 2n);
  const member = new MemoryMember(self, [owner]);
  const store = new OneObjectStore(object);
  const hrw = await loadHrw();
  // The other one owns it, whatever the hash says.
  const chosen = Object.create(hrw, { chooseTarget: { value: () => ({ snode: owner }) } });
  const { metrics, intraAuth } = memoryServices(self);
  const holds = new ShareHolds(jobs, "selfnode");
  const handOver = new HandOver({
    store: store as unknown as ObjectStore,
    member,
    hrw: chosen,
    metrics,
    intraAuth,
    nodeId: "selfnode",
    workers: { sync },
    holds,
  });
  /** Every connection to the owner breaks. */
  const cut = () => void server.stop(true);
  return { store, handOver, holds, arrived, cut, [Symbol.dispose]: cut };
}
