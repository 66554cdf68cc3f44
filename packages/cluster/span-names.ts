/** The closed list of span and attribute names of this package (tracing.md 4). */
export const SPAN = {
  /** Children of the request that needs the document now or changes it. */
  coordinatorGet: "ais.coordinator.get",
  coordinatorUpdate: "ais.coordinator.update",
  /** Roots: background work of a node. */
  coordinatorLost: "ais.coordinator.lost",
  clusterCreate: "ais.cluster.create",
  membershipJoin: "ais.membership.join",
  membershipLeave: "ais.membership.leave",
  membershipChange: "ais.membership.change",
  leaseLost: "ais.lease.lost",
  electionWon: "ais.election.won",
  electionLost: "ais.election.lost",
} as const;

export const ATTRIBUTE = {
  document: "ais.document",
  documentVersion: "ais.document.version",
  /** False when the document was already the newest, or the change had nothing to do. */
  documentChanged: "ais.document.changed",
  attempts: "ais.coordinator.attempts",
  clusterUuid: "ais.cluster.uuid",
  node: "ais.node",
  reason: "ais.reason",
  smapVersion: "ais.smap.version",
  smapAdded: "ais.smap.added",
  smapRemoved: "ais.smap.removed",
  smapReplaced: "ais.smap.replaced",
  smapPrimary: "ais.smap.primary",
  electionTerm: "ais.election.term",
  leaseId: "ais.lease.id",
  leaseTtlMs: "ais.lease.ttl_ms",
} as const;
