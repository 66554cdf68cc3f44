import type { RowPlan } from "./row.ts";
import { getRows } from "./rows/get-rows.ts";
import { listRows } from "./rows/list-rows.ts";
import { otherRows } from "./rows/other-rows.ts";
import { putRows } from "./rows/put-rows.ts";
import { workerRows } from "./rows/worker-rows.ts";

/** Every row, in the order in which they are measured. */
export function suite(objects: number): readonly RowPlan[] {
  return [...getRows(), ...putRows(), ...otherRows(), ...workerRows(), ...listRows(objects)];
}
