/** The figures that are set: what the engine must reach, as a ratio to the ceiling of the same run or as a value. */
export interface SetFigure {
  readonly of: "ratio" | "value";
  readonly want: "at least" | "at most";
  readonly limit: number;
}

export const SET_FIGURES: Readonly<Record<string, SetFigure>> = {
  get_4k_direct: { of: "ratio", want: "at least", limit: 0.55 },
  get_1m_direct: { of: "ratio", want: "at most", limit: 1.25 },
  get_64m_direct: { of: "ratio", want: "at most", limit: 1.25 },
  proxy_redirect: { of: "ratio", want: "at least", limit: 0.6 },
  put_4k_os: { of: "ratio", want: "at least", limit: 5 },
  put_4k_fsync: { of: "ratio", want: "at least", limit: 20 },
  put_1g: { of: "ratio", want: "at most", limit: 1.5 },
  // Only the full count has this name.
  list_1m: { of: "value", want: "at most", limit: 4 },
};

/** Null where nothing is set or the figure was not measured. */
export function isReached(
  { of, want, limit }: SetFigure,
  row: { readonly value: number; readonly ratio: number | null },
): boolean | null {
  const figure = of === "ratio" ? row.ratio : row.value;
  if (figure === null) return null;
  return want === "at least" ? figure >= limit : figure <= limit;
}

export function wantText({ want, limit }: SetFigure): string {
  return `${want === "at least" ? ">=" : "<="} ${limit}`;
}
