import { expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { silentLogger } from "@ais/base/log.ts";
import { onStopSignal, type SignalSource } from "./lifecycle.ts";

class FakeProcess extends EventEmitter implements SignalSource {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

test("the first signal asks, the second forces", () => {
  const source = new FakeProcess();
  using stop = onStopSignal(silentLogger, source);
  expect(stop.signal.aborted).toBe(false);
  source.emit("SIGTERM", "SIGTERM");
  expect([stop.signal.aborted, source.exits]).toEqual([true, []]);
  source.emit("SIGINT", "SIGINT");
  expect(source.exits).toEqual([1]);
});

test("leaves no listener behind", () => {
  const source = new FakeProcess();
  onStopSignal(silentLogger, source).dispose();
  expect(source.listenerCount("SIGTERM") + source.listenerCount("SIGINT")).toBe(0);
});
