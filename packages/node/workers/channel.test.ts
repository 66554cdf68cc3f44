import { expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { silentLogger } from "@ais/base/log.ts";
import { Channel, type Handlers } from "./channel.ts";
import type { Exchange } from "./protocol.ts";

interface Words {
  readonly echo: Exchange<string, string>;
  readonly refuse: Exchange<null>;
  readonly never: Exchange<null>;
  readonly note: Exchange<string>;
}

type Nothing = Record<never, never>;

const NO_HANDLERS: Handlers<Nothing> = {};

/** Two ends whose messages are cloned on the way, as between processes. */
function connected(handlers: Partial<Handlers<Words>> = {}) {
  const noted: string[] = [];
  const answering = new Channel<Nothing, Words>(
    (message) => queueMicrotask(() => asking.receive(structuredClone(message))),
    {
      echo: (text) => text.toUpperCase(),
      refuse: () => {
        throw new AisError("conflict", "not now");
      },
      never: () => new Promise<null>(() => {}),
      note: (text) => {
        noted.push(text);
        return null;
      },
      ...handlers,
    },
    silentLogger,
  );
  const asking: Channel<Words, Nothing> = new Channel<Words, Nothing>(
    (message) => queueMicrotask(() => answering.receive(structuredClone(message))),
    NO_HANDLERS,
    silentLogger,
  );
  return { asking, noted };
}

test("questions find their answers, whatever their order", async () => {
  const { asking } = connected({
    echo: async (text) => {
      await Bun.sleep(text === "slow" ? 20 : 1);
      return text.toUpperCase();
    },
  });
  expect(await Promise.all([asking.ask("echo", "slow"), asking.ask("echo", "quick")])).toEqual([
    "SLOW",
    "QUICK",
  ]);
});

test("what the other end throws is thrown here, with its code", async () => {
  const { asking } = connected();
  const error = await asking.ask("refuse", null).catch((thrown) => thrown);
  expect([error.code, error.message]).toEqual(["conflict", "not now"]);
});

test("what is told waits for nothing and comes in order", async () => {
  const { asking, noted } = connected();
  for (const text of ["a", "b", "c"]) asking.tell("note", text);
  expect(await asking.ask("echo", "d")).toBe("D");
  expect(noted).toEqual(["a", "b", "c"]);
});

test("a question ends with its time, or with the other end", async () => {
  const { asking } = connected();
  const late = await asking.ask("never", null, 10).catch((thrown) => thrown);
  expect([late.code, late.message]).toEqual(["unavailable", 'no answer to "never" within 10 ms']);
  const open = asking.ask("never", null).catch((thrown) => thrown);
  asking.close("it has ended");
  expect((await open).message).toBe("it has ended");
  expect(asking.isClosed).toBe(true);
  expect((await asking.ask("echo", "x").catch((thrown) => thrown)).message).toBe("it has ended");
});
