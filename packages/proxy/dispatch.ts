/** Every operation of a proxy and the file that does it. */
import { daemonAct } from "@ais/node/daemon-act.ts";
import { daemonPut } from "@ais/node/daemon-put.ts";
import { intraSync } from "@ais/node/intra-sync.ts";
import { intraTraceExport } from "@ais/node/intra-trace-export.ts";
import { intraTraceTail } from "@ais/node/intra-trace-tail.ts";
import { intraTraceTest } from "@ais/node/intra-trace-test.ts";
import { metricsGet } from "@ais/node/metrics-get.ts";
import { bucketCreate } from "./operations/bucket-create.ts";
import { bucketDestroy } from "./operations/bucket-destroy.ts";
import { bucketHead } from "./operations/bucket-head.ts";
import { bucketList } from "./operations/bucket-list.ts";
import { bucketPut } from "./operations/bucket-put.ts";
import { bucketSetProps } from "./operations/bucket-set-props.ts";
import { clusterAct } from "./operations/cluster-act.ts";
import { clusterGet } from "./operations/cluster-get.ts";
import { clusterSetConfig } from "./operations/cluster-set-config.ts";
import { clusterSetPrimary } from "./operations/cluster-set-primary.ts";
import { daemonGet } from "./operations/daemon-get.ts";
import { emptyListGet } from "./operations/empty-list-get.ts";
import { healthGet } from "./operations/health-get.ts";
import { objectDelete } from "./operations/object-delete.ts";
import { objectGet } from "./operations/object-get.ts";
import { objectHead } from "./operations/object-head.ts";
import { objectList } from "./operations/object-list.ts";
import { objectPatch } from "./operations/object-patch.ts";
import { objectPost } from "./operations/object-post.ts";
import { objectPut } from "./operations/object-put.ts";
import { reverseDaemon } from "./operations/reverse-daemon.ts";
import { traceTail } from "./operations/trace-tail.ts";
import { traceTest } from "./operations/trace-test.ts";
import type { ProxyDispatch } from "./services.ts";

export const PROXY_DISPATCH = {
  "object.get": objectGet,
  "object.put": objectPut,
  "object.head": objectHead,
  "object.delete": objectDelete,
  "object.post": objectPost,
  "object.patch": objectPatch,
  "object.list": objectList,
  "bucket.list": bucketList,
  "bucket.create": bucketCreate,
  "bucket.put": bucketPut,
  "bucket.destroy": bucketDestroy,
  "bucket.head": bucketHead,
  "bucket.set-props": bucketSetProps,
  "daemon.get": daemonGet,
  "daemon.set-config": daemonPut,
  "cluster.get": clusterGet,
  "cluster.act": clusterAct,
  "cluster.set-primary": clusterSetPrimary,
  "daemon.act": daemonAct,
  "cluster.set-config": clusterSetConfig,
  "reverse.daemon": reverseDaemon,
  "health.get": healthGet,
  "metrics.get": metricsGet,
  "intra.sync": intraSync,
  "download.list": emptyListGet,
  "sort.list": emptyListGet,
  "etl.list": emptyListGet,
  "trace.tail": traceTail,
  "trace.test": traceTest,
  "intra.trace-export": intraTraceExport,
  "intra.trace-tail": intraTraceTail,
  "intra.trace-test": intraTraceTest,
} satisfies ProxyDispatch;
