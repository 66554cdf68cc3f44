import { fetchServices, fetchStats } from "./api.ts";
import { copyButton } from "./copy.ts";
import { h, replaceChildren } from "./dom.ts";
import type { Page } from "./page.ts";

const POLL_MS = 2000;

function environment(httpPort: number): string {
  return [
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${location.protocol}//${location.hostname}:${httpPort}`,
    "export OTEL_SERVICE_NAME=my-program",
  ].join("\n");
}

function aistore(grpcPort: number): string {
  return [
    `AIS_TRACING_ENDPOINT="${location.hostname}:${grpcPort}" make deploy`,
    "ais bucket create ais://nnn",
    "ais put README.md ais://nnn",
    "ais get ais://nnn/README.md /dev/null",
  ].join("\n");
}

/** What to do before there is anything to see. Goes on by itself when the first span arrives. */
export async function showEmptyStore(page: Page): Promise<void> {
  const { otlpPorts } = await fetchStats(page.signal);
  replaceChildren(
    page.root,
    h(
      "section",
      { class: "welcome panel" },
      h("h1", {}, "Waiting for the first trace"),
      h(
        "p",
        { class: "dim" },
        "aistrace is running and takes in spans. This page goes on by itself when one arrives.",
      ),
      h("h2", {}, "From AIStore"),
      h("p", {}, "Deploy with tracing on, then store and read an object:"),
      copyable(aistore(otlpPorts.grpc)),
      h("h2", {}, "From any program with OpenTelemetry"),
      h(
        "p",
        {},
        `Point its OTLP exporter here: gRPC on port ${otlpPorts.grpc}, HTTP on port ${otlpPorts.http}.`,
      ),
      copyable(environment(otlpPorts.http)),
    ),
  );
  const timer = setInterval(() => void look(), POLL_MS);
  page.signal.addEventListener("abort", () => clearInterval(timer));
  const look = async (): Promise<void> => {
    // A server that is away for a moment is asked again by the next tick.
    const services = await fetchServices(page.signal).catch((): readonly string[] => []);
    if (services.length > 0 && !page.signal.aborted) window.dispatchEvent(new PopStateEvent("popstate"));
  };
}

function copyable(text: string): HTMLElement {
  const button = copyButton(text, "Copy", { class: "quiet copy", label: "copy these lines" });
  return h("div", { class: "snippet" }, h("pre", {}, h("code", {}, text)), button);
}
