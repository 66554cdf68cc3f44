/**
 * What the API has, and where each part of it is tested over real daemons. `inventory.test.ts` fails when something is in
 * the API that is not here, and when a test that is named here does not exist.
 */
import type { Action } from "@ais/wire/actions.ts";
import type { Operation } from "@ais/wire/operations.ts";

/** `file > title`, the file below `tests/`; or why there is no such test. */
export type Coverage = { readonly test: string } | { readonly none: string };

const at = (file: string, title: string): Coverage => ({ test: `${file} > ${title}` });
const none = (why: string): Coverage => ({ none: why });

const REFUSED = at("conformance/python/test_refusals.py", "test_what_is_missing_is_501");
const MAINTENANCE = at(
  "integration/maintenance.test.ts",
  "a target in maintenance hands its objects over, and gets its share back",
);
const OUTLIVES = at(
  "integration/membership.test.ts",
  "maintenance outlives restarts of the node and of the primary",
);

export const OPERATION_COVERAGE: Readonly<Record<Operation, Coverage>> = {
  "object.get": at("conformance/python/test_objects.py", "test_content_of_every_size_comes_back"),
  "object.put": at("conformance/python/test_objects.py", "test_a_wrong_checksum_stores_nothing"),
  "object.head": at("conformance/python/test_metadata.py", "test_head_says_what_was_asked_for_and_no_more"),
  "object.delete": at("conformance/python/test_objects.py", "test_delete"),
  "object.post": at("conformance/python/test_copies.py", "test_rename"),
  "object.patch": at("conformance/python/test_metadata.py", "test_custom_metadata_merges"),
  "object.list": at("conformance/python/test_listing.py", "test_pages_are_whole_and_keep_their_id"),
  "bucket.list": at("conformance/python/test_buckets.py", "test_create_list_delete"),
  "bucket.create": at("conformance/python/test_buckets.py", "test_create_twice"),
  "bucket.put": REFUSED,
  "bucket.destroy": at("conformance/python/test_buckets.py", "test_a_bucket_made_again_is_empty"),
  "bucket.head": at("conformance/python/test_buckets.py", "test_head_has_the_properties"),
  "bucket.set-props": at("conformance/python/test_refusals.py", "test_properties_change_and_are_reset"),
  "daemon.get": at("conformance/python/test_cluster.py", "test_performance_of_every_target"),
  "daemon.set-config": at(
    "integration/node-config.test.ts",
    "survive a kill when they persist, and are this node's alone",
  ),
  "daemon.act": at("integration/node-config.test.ts", "statistics go back to zero, on one node or all"),
  "cluster.get": at("conformance/python/test_jobs.py", "test_statuses_and_snaps_of_a_job"),
  "cluster.act": MAINTENANCE,
  "cluster.set-primary": at(
    "integration/membership.test.ts",
    "the primary's role goes to the proxy that is named",
  ),
  "cluster.set-config": at(
    "integration/live-tracing.test.ts",
    "off and on, and the share of traces: all, none, all",
  ),
  "storage.status": at("faults/torn-data.test.ts", "damaged files of a real target"),
  "storage.start": at("faults/torn-data.test.ts", "damaged files of a real target"),
  "storage.stop": none("packages/target/storage-jobs.test.ts has it on one target; a cluster adds nothing"),
  "reverse.daemon": at("conformance/python/test_cluster.py", "test_log_of_a_node"),
  "trace.tail": at(
    "integration/self-diagnosis.test.ts",
    "tail shows what finishes on every node, by the filters",
  ),
  "trace.test": at("integration/self-diagnosis.test.ts", "is tried by every node, though nothing is sampled"),
  "health.get": at("conformance/python/test_cluster.py", "test_is_ready"),
  "metrics.get": at(
    "integration/self-diagnosis.test.ts",
    "metrics have every figure, exemplars lead to traces, and log lines name theirs",
  ),
  "intra.list": at("integration/objects.test.ts", "pages are in byte order over all targets"),
  "intra.object-put": at(
    "integration/object-operations.test.ts",
    "a copy that crosses targets is whole, and one trace",
  ),
  "intra.job-object": at("integration/copy-bucket.test.ts", "copies every object, makes the destination"),
  "intra.hand-over": at(
    "integration/rebalance-trace.test.ts",
    "a read that has to fetch its object first says so, down to the target that had it",
  ),
  "intra.drop": at(
    "integration/membership.test.ts",
    "without rebalance objects are found where they are; started by hand it moves them",
  ),
  "intra.missing": at(
    "integration/copy-bucket.test.ts",
    "synchronized, deletes what the source does not have",
  ),
  "intra.jobs": at("integration/jobs.test.ts", "an abort ends the job and says whose it was"),
  "intra.listing-stop": at("integration/jobs.test.ts", "a listing can be stopped, by its id or its kind"),
  "intra.promote-scan": at("integration/promote.test.ts", "paths that climb, are not there, or hold nothing"),
  "intra.promote": at("integration/promote.test.ts", "of few files, each target on its own"),
  "download.list": at("integration/jobs.test.ts", "downloads, sorts and transformations are none"),
  "sort.list": at("integration/jobs.test.ts", "downloads, sorts and transformations are none"),
  "etl.list": at("integration/jobs.test.ts", "downloads, sorts and transformations are none"),
  "intra.sync": at("integration/tracing-gate.test.ts", "creating a bucket is one trace"),
  "intra.trace-export": at("faults/tail.test.ts", "an error leaves one whole trace"),
  "intra.trace-tail": at(
    "integration/self-diagnosis.test.ts",
    "tail shows what finishes on every node, by the filters",
  ),
  "intra.trace-test": at(
    "integration/self-diagnosis.test.ts",
    "is tried by every node, though nothing is sampled",
  ),
};

export const ACTION_COVERAGE: Readonly<Record<Action, Coverage>> = {
  list: at("conformance/python/test_listing.py", "test_sorted_with_prefix_and_start"),
  "summary-bck": at("integration/jobs.test.ts", "202 with an id, then the figures of all targets"),
  "summary-shard": REFUSED,
  "show-inventory": REFUSED,
  "create-bck": at("conformance/python/test_buckets.py", "test_create_list_delete"),
  "move-bck": at("conformance/python/test_jobs.py", "test_rename_of_a_bucket"),
  "copy-bck": at("conformance/python/test_jobs.py", "test_copy_of_a_bucket"),
  "etl-bck": REFUSED,
  "copy-listrange": at("conformance/python/test_jobs.py", "test_copy_of_a_list"),
  "etl-listrange": REFUSED,
  "prefetch-listrange": at("conformance/python/test_refusals.py", "test_remote_alone"),
  "make-n-copies": REFUSED,
  "ec-encode": REFUSED,
  rechunk: REFUSED,
  "index-shard": REFUSED,
  "create-inventory": REFUSED,
  "destroy-inventory": REFUSED,
  archive: REFUSED,
  "set-bprops": at("conformance/python/test_refusals.py", "test_properties_change_and_are_reset"),
  "reset-bprops": at("conformance/python/test_refusals.py", "test_properties_change_and_are_reset"),
  "destroy-bck": at("conformance/python/test_buckets.py", "test_create_list_delete"),
  "evict-remote-bck": at("conformance/python/test_refusals.py", "test_remote_alone"),
  "delete-listrange": at("conformance/python/test_jobs.py", "test_delete_by_list_and_template"),
  "evict-listrange": at("conformance/python/test_refusals.py", "test_remote_alone"),
  "rename-obj": at("conformance/python/test_copies.py", "test_rename"),
  "check-lock": at("conformance/python/test_copies.py", "test_check_lock"),
  "mpt-upload": at("conformance/python/test_multipart.py", "test_parts_in_any_order"),
  "mpt-complete": at("conformance/python/test_multipart.py", "test_what_makes_no_object"),
  "mpt-abort": at("conformance/python/test_multipart.py", "test_abort"),
  promote: at("conformance/python/test_promote.py", "test_a_directory"),
  "blob-download": REFUSED,
  start: at("conformance/python/test_jobs.py", "test_statuses_and_snaps_of_a_job"),
  stop: at("integration/jobs.test.ts", "an abort ends the job and says whose it was"),
  "set-config": at("integration/node-config.test.ts", "a transient change of the cluster reaches every node"),
  "reset-config": at(
    "integration/node-config.test.ts",
    "a transient change of the cluster reaches every node",
  ),
  "rotate-logs": at("integration/node-config.test.ts", "logs are rotated on every node"),
  "reset-stats": at("integration/node-config.test.ts", "statistics go back to zero, on one node or all"),
  shutdown: at(
    "integration/cluster-cli.test.ts",
    "nodes go and come back by the command line, which shows them",
  ),
  decommission: at("integration/cluster-cli.test.ts", "a decommissioned cluster holds nothing any more"),
  "start-maintenance": MAINTENANCE,
  "stop-maintenance": MAINTENANCE,
  "shutdown-node": OUTLIVES,
  "decommission-node": at(
    "integration/decommission.test.ts",
    "a decommissioned target%s leaves with its data once others have it",
  ),
  "rm-unsafe": OUTLIVES,
  "attach-mp": none("mountpaths are those that a target was started with"),
  "detach-mp": none("mountpaths are those that a target was started with"),
  "enable-mp": none("mountpaths are those that a target was started with"),
  "disable-mp": none("mountpaths are those that a target was started with"),
  "rescan-mp": none("mountpaths are those that a target was started with"),
};
