import { type Destination, endpointText } from "./destination.ts";
import { sniffTls } from "./sniff-tls.ts";

const SNIFF_TIMEOUT_MS = 3_000;

/** Told what was settled on, each time that it changes; `detected` when the collector was asked. */
export type OnChosen = (endpoint: string, detected: boolean) => void;

/** Whether to speak TLS with the collector: as the endpoint says, or as the collector does. */
export class Security {
  readonly #destination: Destination;
  readonly #onChosen: OnChosen;
  #tls: boolean | null = null;

  constructor(destination: Destination, onChosen: OnChosen) {
    this.#destination = destination;
    this.#onChosen = onChosen;
  }

  /** Rejects when the collector has to be asked and cannot be reached. */
  async tls(): Promise<boolean> {
    if (this.#tls !== null) return this.#tls;
    const { host, port, security } = this.#destination;
    if (security !== "detect") return this.#choose(security === "tls");
    const { spoken, error } = await sniffTls(host, port, SNIFF_TIMEOUT_MS);
    if (spoken === "unknown") throw new Error(`failed to connect to ${host}:${port}: ${error}`);
    return this.#choose(spoken === "tls");
  }

  /** After a failure: the collector may have been replaced by one that speaks otherwise. True when it was. */
  async changed(): Promise<boolean> {
    const { host, port, security } = this.#destination;
    if (security !== "detect" || this.#tls === null) return false;
    const { spoken } = await sniffTls(host, port, SNIFF_TIMEOUT_MS);
    if (spoken === "unknown" || (spoken === "tls") === this.#tls) return false;
    this.#choose(spoken === "tls");
    return true;
  }

  /** After a failure: what is wrong with the endpoint's scheme, which is not changed by itself. Empty for nothing. */
  async wrongScheme(): Promise<string> {
    const { host, port, security } = this.#destination;
    if (security === "detect") return "";
    const { spoken } = await sniffTls(host, port, SNIFF_TIMEOUT_MS);
    if (spoken === "tls" && security === "plain")
      return "the collector speaks TLS, so its endpoint is https://";
    if (spoken === "plaintext" && security === "tls")
      return "the collector speaks no TLS, so its endpoint is http://";
    return "";
  }

  #choose(tls: boolean): boolean {
    if (this.#tls !== tls) {
      this.#tls = tls;
      this.#onChosen(endpointText(this.#destination, tls), this.#destination.security === "detect");
    }
    return tls;
  }
}
