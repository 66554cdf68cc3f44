import { OTHER_CORE } from "../lib/cores.ts";
import { progress } from "../lib/progress.ts";
import { script } from "./bench-context.ts";

type FillMessage =
  | { readonly kind: "progress"; readonly stored: number }
  | {
      readonly kind: "done";
      readonly problem: string | null;
      readonly stored: number;
      readonly seconds: number;
    };

/** Puts `objects` small objects, by the load of `fill-main.ts` in a process of its own. */
export async function fillBucket(endpoint: string, bucket: string, objects: number): Promise<void> {
  let done: Extract<FillMessage, { kind: "done" }> | null = null;
  const taskset = Bun.which("taskset");
  const command = [
    ...(taskset === null ? [] : [taskset, "-c", String(OTHER_CORE)]),
    ...script("fill-main.ts", endpoint, bucket, String(objects)),
  ];
  const child = Bun.spawn(command, {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
    serialization: "json",
    ipc(message: FillMessage) {
      if (message.kind === "done") done = message;
      else progress(`filling the bucket: ${message.stored} of ${objects} objects`);
    },
  });
  const exitCode = await child.exited;
  const result = done as Extract<FillMessage, { kind: "done" }> | null;
  if (result === null) throw new Error(`the loader ended with ${exitCode} before the bucket was full`);
  if (result.problem !== null) throw new Error(result.problem);
  progress("");
  const perSecond = Math.round(result.stored / result.seconds);
  console.log(
    `stored ${result.stored} objects in ${result.seconds.toFixed(1)} s through PUT (${perSecond}/s) for the listing`,
  );
}
