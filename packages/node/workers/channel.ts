/** One end of the channel between two processes of a node: asks, answers what the other end asks, tells without an answer. */
import { AisError, type ErrorCode, errorText, isAisError } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import type { Exchange } from "./protocol.ts";

export type Exchanges<Protocol> = { readonly [Name in keyof Protocol]: Exchange<unknown, unknown> };

export type Handlers<Protocol extends Exchanges<Protocol>> = {
  readonly [Name in keyof Protocol]: (
    ask: Protocol[Name]["ask"],
  ) => Protocol[Name]["reply"] | Promise<Protocol[Name]["reply"]>;
};

type Message =
  | { readonly kind: "tell"; readonly name: string; readonly value: unknown }
  | { readonly kind: "ask"; readonly id: number; readonly name: string; readonly value: unknown }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly code: ErrorCode; readonly text: string };

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** `Out` is what this end may ask, `In` what it answers. */
export class Channel<Out extends Exchanges<Out>, In extends Exchanges<In>> {
  readonly #send: (message: Message) => void;
  readonly #handlers: Handlers<In>;
  readonly #logger: Logger;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #closed: AisError | null = null;

  constructor(send: (message: unknown) => void, handlers: Handlers<In>, logger: Logger) {
    this.#send = send;
    this.#handlers = handlers;
    this.#logger = logger;
  }

  get isClosed(): boolean {
    return this.#closed !== null;
  }

  /** Rejects with what the other end threw, or `unavailable` when it has ended or takes longer than `timeoutMs`. */
  ask<Name extends keyof Out & string>(
    name: Name,
    value: Out[Name]["ask"],
    timeoutMs: number | null = null,
  ): Promise<Out[Name]["reply"]> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    const id = this.#nextId++;
    return new Promise<unknown>((resolve, reject) => {
      const timer =
        timeoutMs === null
          ? undefined
          : setTimeout(() => {
              this.#pending.delete(id);
              reject(new AisError("unavailable", `no answer to "${name}" within ${timeoutMs} ms`));
            }, timeoutMs);
      const settled = (): void => {
        clearTimeout(timer);
        this.#pending.delete(id);
      };
      this.#pending.set(id, {
        resolve: (reply) => {
          settled();
          resolve(reply);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.#post({ kind: "ask", id, name, value });
    });
  }

  /** What goes wrong with it is logged at the other end. */
  tell<Name extends keyof Out & string>(name: Name, value: Out[Name]["ask"]): void {
    if (this.#closed === null) this.#post({ kind: "tell", name, value });
  }

  receive(received: unknown): void {
    const message = received as Message;
    switch (message.kind) {
      case "tell":
        void this.#run(message.name, message.value).catch((error) =>
          this.#logger.log("error", "failed to follow another process of this node", {
            what: message.name,
            error: errorText(error),
          }),
        );
        return;
      case "ask":
        void this.#answer(message.id, message.name, message.value);
        return;
      case "answer":
        this.#pending.get(message.id)?.resolve(message.value);
        return;
      case "failure":
        this.#pending.get(message.id)?.reject(new AisError(message.code, message.text));
    }
  }

  /** The other end is gone. */
  close(why: string): void {
    this.#closed ??= new AisError("unavailable", why);
    for (const { reject } of [...this.#pending.values()]) reject(this.#closed);
  }

  async #run(name: string, value: unknown): Promise<unknown> {
    const handler = this.#handlers[name as keyof In];
    return handler(value as never);
  }

  async #answer(id: number, name: string, value: unknown): Promise<void> {
    try {
      this.#post({ kind: "answer", id, value: await this.#run(name, value) });
    } catch (error) {
      this.#post({
        kind: "failure",
        id,
        code: isAisError(error) ? error.code : "internal",
        text: errorText(error),
      });
    }
  }

  /** A process that has just ended takes nothing any more, which its end tells. */
  #post(message: Message): void {
    try {
      this.#send(message);
    } catch (error) {
      this.#logger.log("debug", "failed to reach another process of this node", { error: errorText(error) });
    }
  }
}
