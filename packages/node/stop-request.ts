/** How a node is asked to end by a call: gracefully, as by a signal, and perhaps for good. */
export interface StopRequest {
  /** Name of the action, for the log. */
  readonly reason: string;
  /** Everything in the node's mountpaths that is the cluster's goes, once the node has stopped. */
  readonly removeUserData: boolean;
  /** The node's id and its own settings outlive its data. */
  readonly keepInitialConfig: boolean;
  /** The process leaves the cluster and serves nothing, but does not exit. */
  readonly staysUp: boolean;
}

export type StopNode = (request: StopRequest) => void;
