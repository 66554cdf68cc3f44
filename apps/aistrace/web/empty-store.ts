import { fetchServices } from "./api.ts";
import { h, replaceChildren } from "./dom.ts";
import type { Page } from "./page.ts";

const POLL_MS = 2000;

const ENVIRONMENT = `export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318
export OTEL_SERVICE_NAME=my-program`;

const AISTORE = `AIS_TRACING_ENDPOINT="localhost:4317" make deploy
ais bucket create ais://nnn
ais put README.md ais://nnn
ais get ais://nnn/README.md /dev/null`;

/** What to do before there is anything to see. Goes on by itself when the first span arrives. */
export function showEmptyStore(page: Page): void {
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
      copyable(AISTORE),
      h("h2", {}, "From any program with OpenTelemetry"),
      h("p", {}, "Point its OTLP exporter here: gRPC on port 4317, HTTP on port 4318."),
      copyable(ENVIRONMENT),
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
  const button = h("button", { class: "quiet copy", attributes: { type: "button" } }, "Copy");
  button.addEventListener("click", () => {
    void navigator.clipboard?.writeText(text).then(() => {
      button.textContent = "Copied";
    });
  });
  return h("div", { class: "snippet" }, h("pre", {}, h("code", {}, text)), button);
}
