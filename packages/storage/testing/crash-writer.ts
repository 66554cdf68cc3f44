/**
 * Run by crash.test.ts as a process of its own and killed at any moment. It says on its output what it is about to do and
 * what was acknowledged, one line each: `start <slot> <step>`, `ack <slot> <step>`.
 */
import { writeSync } from "node:fs";
import { must } from "@ais/base/assert.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Durability } from "../types.ts";
import { crashBody, isDeletion } from "./crash-steps.ts";
import { keyOf, openTestStore, PUT, piecesOf, streamOf } from "./store-fixture.ts";

const [directory, durability, slots, firstStep] = process.argv.slice(2);
const store = await openTestStore(must(directory, "directory"));
const options = { ...PUT, durability: durability as Durability };

await Promise.all(
  Array.from({ length: Number(slots) }, async (_, slot) => {
    for (let step = Number(firstStep); ; step++) {
      writeSync(1, `start ${slot} ${step}\n`);
      if (isDeletion(slot, step)) {
        await store.delete(keyOf(`slot-${slot}`), options.durability, NOOP_SPAN);
      } else {
        const body = streamOf(piecesOf(crashBody(slot, step), 50_000));
        await store.put(keyOf(`slot-${slot}`), body, options, NOOP_SPAN);
      }
      writeSync(1, `ack ${slot} ${step}\n`);
    }
  }),
);
