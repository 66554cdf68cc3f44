import { formatDurationMs, formatSizeExact } from "@ais/base/units.ts";
import { bucketCname } from "@ais/wire/bck.ts";
import type { LoadOptions } from "../load-options.ts";
import { formatTable } from "./format.ts";

/** What the run is going to do. */
export function settingsText(options: LoadOptions): string {
  const { sizes, naming } = options;
  const limits = [
    Number.isFinite(options.durationMs) ? formatDurationMs(options.durationMs) : "",
    options.maxPuts > 0 ? `${options.maxPuts} PUT` : "",
    options.totalPutBytes > 0 ? `${formatSizeExact(options.totalPutBytes)} put` : "",
    options.epochs > 0 ? `${options.epochs} epochs` : "",
  ].filter((limit) => limit !== "");
  const sizeText =
    sizes.minBytes === sizes.maxBytes
      ? formatSizeExact(sizes.minBytes)
      : `${formatSizeExact(sizes.minBytes)} to ${formatSizeExact(sizes.maxBytes)}, ${sizes.distribution}`;
  const rows: [string, string][] = [
    ["endpoint", `${options.endpoint}, by ${options.route}`],
    ["bucket", `${bucketCname(options.bucket)}${options.cleanup ? ", cleaned up afterwards" : ""}`],
    ["workers", String(options.workers)],
    ["until", limits.length === 0 ? "interrupted" : limits.join(" or ")],
    ["PUT", `${options.putPercent}% of ${sizeText}, checksum ${options.checksumType}`],
    ["GET", `${100 - options.putPercent}%${options.verifyChecksum ? ", verified" : ""}`],
    ["seed", String(options.seed)],
    ...(naming.subdirectory === "" ? [] : [["under", naming.subdirectory] satisfies [string, string]]),
    ...(options.traceRatio === 0
      ? []
      : [["traced", `${options.traceRatio * 100}%`] satisfies [string, string]]),
  ];
  return formatTable(rows.map(([name, value]) => [`${name}  ${" ".repeat(8 - name.length)}${value}`]));
}
