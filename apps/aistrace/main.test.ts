import { expect, test } from "bun:test";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { tempDir } from "./aistrace.fixture.ts";
import { encodeSpans, spanId, traceId } from "./spans.fixture.ts";

/** The program as a process of its own. */
class Program implements AsyncDisposable {
  readonly #process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #text = { all: "" };
  readonly #read: Promise<void>;

  constructor(args: readonly string[]) {
    this.#process = Bun.spawn([process.execPath, join(import.meta.dir, "main.ts"), ...args], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#read = this.#readText();
  }

  /** The ports, from the line that says that all is ready. */
  async ready(): Promise<{ http: number; query: number }> {
    while (!this.#text.all.includes("is ready")) {
      const ended = await Promise.race([this.#process.exited.then(() => true), Bun.sleep(10)]);
      if (ended === true) throw new Error(`the program ended: ${this.#text.all}`);
    }
    const port = (name: RegExp): number =>
      Number(must(name.exec(this.#text.all)?.[1], "the line names its ports"));
    return { http: port(/otlp_http=\S+:(\d+)/), query: port(/page=\S+:(\d+)/) };
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async ended(): Promise<{ code: number; text: string }> {
    const code = await this.#process.exited;
    await this.#read;
    return { code, text: this.#text.all };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  async #readText(): Promise<void> {
    for await (const chunk of this.#process.stderr) this.#text.all += new TextDecoder().decode(chunk);
  }
}

const FREE_PORTS = ["--otlp-grpc-port=0", "--otlp-http-port=0", "--query-port=0"];

async function send(port: number, trace: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: encodeSpans([{ traceId: traceId(trace), spanId: spanId(1), startMs: Date.now() }]),
  });
  expect(response.status).toBe(200);
}

test("what was acknowledged is there after kill -9, and after an orderly end", async () => {
  using dir = tempDir();
  const args = [...FREE_PORTS, `--data-dir=${dir.path}`];
  {
    await using first = new Program(args);
    await send((await first.ready()).http, 1);
    first.kill("SIGKILL");
    await first.ended();
  }
  {
    await using second = new Program(args);
    await send((await second.ready()).http, 2);
    second.kill("SIGTERM");
    expect((await second.ended()).code).toBe(0);
  }
  await using third = new Program(args);
  const { query } = await third.ready();
  const ids = [1, 2].map((n) => fetch(`http://127.0.0.1:${query}/api/traces/${traceId(n)}`));
  expect((await Promise.all(ids)).map(({ status }) => status)).toEqual([200, 200]);
});

test("each port that is in use is named, and the exit code is 1", async () => {
  using holder = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  for (const flag of ["--otlp-grpc-port", "--otlp-http-port", "--query-port"]) {
    using dir = tempDir();
    const others = FREE_PORTS.filter((port) => !port.startsWith(flag));
    await using program = new Program([...others, `${flag}=${holder.port}`, `--data-dir=${dir.path}`]);
    const { code, text } = await program.ended();
    expect([flag, code]).toEqual([flag, 1]);
    const variable = `AISTRACE_${flag.slice(2).toUpperCase().replaceAll("-", "_")}`;
    // Nothing beside it, such as what the gRPC library would print.
    expect(text.trim()).toBe(
      `aistrace: cannot listen on 127.0.0.1:${holder.port}: the port is in use (${flag} or ${variable} chooses another)`,
    );
  }
});

test("a second one on the same folder is refused", async () => {
  using dir = tempDir();
  const args = [...FREE_PORTS, `--data-dir=${dir.path}`];
  await using first = new Program(args);
  await first.ready();
  await using second = new Program(args);
  const { code, text } = await second.ended();
  expect(code).toBe(1);
  expect(text).toContain("another aistrace is using it");
});
