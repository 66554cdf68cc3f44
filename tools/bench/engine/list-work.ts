/** Between the benchmark and the process that lists. */
export type ListWork =
  /** All pages of the largest size. */
  | { readonly kind: "all"; readonly endpoint: string; readonly bucket: string }
  /** One page for each start. */
  | {
      readonly kind: "pages";
      readonly endpoint: string;
      readonly bucket: string;
      readonly pageSize: number;
      readonly starts: readonly { readonly prefix: string; readonly after: string }[];
    };

export interface ListResult {
  readonly error: string | null;
  readonly entries: number;
  readonly seconds: number;
  /** Of each page, in order. */
  readonly pageMs: readonly number[];
  /** Names that pages begin after: the last one of each page but the last. */
  readonly tokens: readonly string[];
}
