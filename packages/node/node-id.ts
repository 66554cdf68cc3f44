export interface NodeIdOptions {
  /** From the command line; wins over everything. */
  readonly option?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly confdir: string;
}

/** Option, then `AIS_DAEMON_ID`, then the id kept in `confdir`, else a new one that is kept there. Throws `badRequest` for an invalid id. */
export declare function resolveNodeId(options: NodeIdOptions): Promise<string>;
