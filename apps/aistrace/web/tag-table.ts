import type { JaegerTag } from "../query/jaeger-types.ts";
import { copyButton } from "./copy.ts";
import { h, icon, replaceChildren } from "./dom.ts";
import { bytes, plural } from "./format.ts";

/** Values longer than this are shown cut, with a button for the rest. */
const VALUE_SHOWN_CHARS = 300;
const BYTES_FROM = 1024;
const COPY_ICON = "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1";
const SEARCH_ICON = "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.5 10.5L14 14";

/** Attributes by name. Each can be copied, and leads to the traces that have it: `searchPath` says where. */
export function tagTable(
  tags: readonly JaegerTag[],
  searchPath: (key: string, value: string) => string,
): HTMLElement {
  const rows = tags
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map((tag) =>
      h(
        "tr",
        {},
        h("th", { attributes: { scope: "row" } }, tag.key),
        h("td", { class: `value ${tag.type}` }, valueElement(tag), inWords(tag)),
        h("td", { class: "tag-actions" }, ...actions(tag, searchPath)),
      ),
    );
  return h("table", { class: "tags" }, h("tbody", {}, ...rows));
}

function actions(
  { key, value }: JaegerTag,
  searchPath: (key: string, value: string) => string,
): HTMLElement[] {
  const label = `find traces with this ${key}`;
  return [
    copyButton(String(value), icon(COPY_ICON), { class: "quiet", label: `copy the value of ${key}` }),
    h(
      "a",
      {
        class: "quiet",
        title: label,
        attributes: { href: searchPath(key, String(value)), "aria-label": label },
      },
      icon(SEARCH_ICON),
    ),
  ];
}

/** Large numbers of bytes in a unit that people read. */
function inWords({ key, value }: JaegerTag): HTMLElement | null {
  const isBytes = /(^|[._])(bytes|size)$/.test(key) && typeof value === "number" && value >= BYTES_FROM;
  return isBytes ? h("span", { class: "dim" }, ` ${bytes(value)}`) : null;
}

function valueElement(tag: JaegerTag): HTMLElement {
  const text = String(tag.value);
  if (text.length <= VALUE_SHOWN_CHARS) return h("span", {}, text);
  const element = h("span", {}, text.slice(0, VALUE_SHOWN_CHARS));
  const more = h(
    "button",
    { class: "link", attributes: { type: "button" } },
    ` … ${plural(text.length - VALUE_SHOWN_CHARS, "more character")}`,
  );
  more.addEventListener("click", () => replaceChildren(element, text));
  element.append(more);
  return element;
}
