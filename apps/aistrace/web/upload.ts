import { storeTraceFile } from "./api.ts";
import { h, icon } from "./dom.ts";
import { plural } from "./format.ts";
import { navigate, searchPath, tracePath } from "./router.ts";

const ICON = "M8 11V2.5M4.5 6L8 2.5 11.5 6M2.5 10.5v3h11v-3";
const SHOWN_MS = 8000;

/** A button that takes saved traces, and the whole page as a place to drop them. The server stores what it is given. */
export function uploadButton(): HTMLElement {
  const input = h("input", {
    attributes: { type: "file", accept: ".json,application/json", multiple: true, hidden: true },
  });
  const notice = h("p", { class: "notice", attributes: { role: "status", hidden: true } });
  const take = (files: Iterable<File>): void => void store([...files], notice);
  input.addEventListener("change", () => {
    take(input.files ?? []);
    // The same file may be chosen again.
    input.value = "";
  });
  document.body.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.body.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dropping");
  });
  document.body.addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (event.dataTransfer === null || event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  const button = h(
    "button",
    {
      class: "quiet upload",
      title: "Open saved traces: JSON of Jaeger or OTLP. Files can be dropped on the page as well.",
      attributes: { type: "button" },
      on: { click: () => input.click() },
    },
    icon(ICON),
    "Upload",
  );
  return h("span", { class: "upload-box" }, input, button, notice);
}

async function store(files: readonly File[], notice: HTMLElement): Promise<void> {
  const say = (text: string, isBad: boolean): void => {
    notice.textContent = text;
    notice.classList.toggle("bad", isBad);
    notice.hidden = false;
    setTimeout(() => {
      if (notice.textContent === text) notice.hidden = true;
    }, SHOWN_MS);
  };
  const ids = new Set<string>();
  let spans = 0;
  for (const file of files) {
    say(`Storing ${file.name}…`, false);
    try {
      const { traceIDs, stored, refused, reason } = await storeTraceFile(file);
      for (const id of traceIDs) ids.add(id);
      spans += stored;
      if (refused > 0) return say(`${file.name}: ${plural(refused, "span")} refused: ${reason}`, true);
    } catch (error) {
      return say(`${file.name}: ${error instanceof Error ? error.message : String(error)}`, true);
    }
  }
  if (ids.size === 0) return say("There are no spans in that file.", true);
  say(`${plural(ids.size, "trace")} with ${plural(spans, "span")} stored.`, false);
  const [only = ""] = ids;
  navigate(
    ids.size === 1 ? tracePath(only) : searchPath(new URLSearchParams([...ids].map((id) => ["traceID", id]))),
  );
}
