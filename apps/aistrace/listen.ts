import { AisError, errorText } from "@ais/base/errors.ts";

export interface TlsFiles {
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
}

export interface Listen {
  readonly hostname: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly tls: TlsFiles | null;
}

/** What to say when a listener cannot start. `option` is the flag that changes the port. */
export function addressInUse(listen: Listen, option: string, cause: unknown): AisError {
  const text = errorText(cause);
  // `make aistrace` takes no flags.
  const variable = `AISTRACE_${option.toUpperCase().replaceAll("-", "_")}`;
  const isTaken = /EADDRINUSE|in use|No address added/i.test(text);
  const message = isTaken
    ? `cannot listen on ${listen.hostname}:${listen.port}: the port is in use (--${option} or ${variable} chooses another)`
    : `cannot listen on ${listen.hostname}:${listen.port}: ${text}`;
  return new AisError("conflict", message, { cause });
}

const STOP_DEADLINE_MS = 5000;

/** Lets requests under way finish, but waits for none that hangs. */
export async function stopServer(server: Bun.Server<unknown>): Promise<void> {
  const timer = setTimeout(() => void server.stop(true), STOP_DEADLINE_MS);
  await server.stop();
  clearTimeout(timer);
}
