import type { StoredOrigin } from "../store/reader.ts";
import { valueText } from "../store/values.ts";

/** Which of several programs of one service it was; empty when it does not say. */
export function instanceOf({ attributes }: StoredOrigin): string {
  for (const wanted of ["service.instance.id", "host.name"]) {
    const found = attributes.find(([key]) => key === wanted);
    if (found !== undefined) return valueText(found[1]);
  }
  return "";
}
