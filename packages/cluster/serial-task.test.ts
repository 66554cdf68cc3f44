import { expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { SerialTask } from "./serial-task.ts";

test("triggers that come during a run cause exactly one more, never two at a time", async () => {
  let running = 0;
  let runs = 0;
  let most = 0;
  const gate = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const task = new SerialTask(
    async () => {
      most = Math.max(most, ++running);
      runs++;
      if (runs === 1) await gate.promise;
      running--;
      if (runs === 2) second.resolve();
    },
    () => undefined,
  );
  for (let i = 0; i < 5; i++) task.trigger();
  gate.resolve();
  await second.promise;
  await task.stop();
  expect([runs, most]).toEqual([2, 1]);
  task.trigger();
  expect(runs).toBe(2);
});

test("transient failures are retried until it works, others are reported and left", async () => {
  const errors: unknown[] = [];
  const worked = Promise.withResolvers<void>();
  let runs = 0;
  const flaky = new SerialTask(
    async () => {
      runs++;
      if (runs < 3) throw new AisError("unavailable", "not now");
      worked.resolve();
    },
    (error) => errors.push(error),
  );
  flaky.trigger();
  await worked.promise;
  await flaky.stop();
  expect(errors).toHaveLength(2);

  let broken = 0;
  const hopeless = new SerialTask(
    async () => {
      broken++;
      throw new TypeError("bug");
    },
    (error) => errors.push(error),
  );
  hopeless.trigger();
  await Bun.sleep(120);
  expect(broken).toBe(1);
  hopeless.trigger();
  await hopeless.stop();
  expect(broken).toBe(2);
});
