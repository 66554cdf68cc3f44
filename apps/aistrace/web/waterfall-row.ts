import type { ServiceColors } from "./colors.ts";
import type { Section } from "./critical-path.ts";
import { h } from "./dom.ts";
import { count, duration, plural } from "./format.ts";
import { plain } from "./plain-text.ts";
import { statusClass } from "./results.ts";
import { isExpandable, type Row, rowError, rowExtent } from "./rows.ts";
import type { SpanNode } from "./trace-model.ts";
import type { ViewWindow } from "./view-window.ts";

/** As in `app.css`. */
export const ROW_HEIGHT_PX = 28;
/** Deeper rows are not indented further, so that their names stay readable. */
const MAX_INDENTS = 16;

/** Of one row. */
const MAX_EVENT_MARKS = 200;

export interface RowLook {
  readonly index: number;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly isMarked: boolean;
  readonly isOpen: boolean;
  /** There are several programs of its service in the trace. */
  readonly namesInstance: boolean;
  readonly critical: readonly Section[];
}

export function drawRow(row: Row, look: RowLook, window: ViewWindow, colors: ServiceColors): HTMLElement {
  const [first] = row.type === "span" ? [row.span] : row.spans;
  const line = h("div", {
    class: classes(row, look),
    attributes: {
      id: `row-${look.index}`,
      role: "treeitem",
      "aria-level": String(row.depth + 1),
      "aria-selected": String(look.isSelected),
      "aria-expanded": isExpandable(row) ? String(look.isOpen) : null,
      "data-index": String(look.index),
    },
  });
  line.style.top = `${look.index * ROW_HEIGHT_PX}px`;
  line.style.setProperty("--service", colors.of(first?.service ?? ""));
  line.append(
    nameCell(row, look, first),
    h("div", { class: "duration-cell" }, duration(rowExtent(row).durationUs)),
    timeCell(row, look, window),
  );
  return line;
}

function classes(row: Row, look: RowLook): string {
  const names = ["row", row.type];
  if (look.isActive) names.push("active");
  if (look.isSelected) names.push("selected");
  if (look.isMarked) names.push("marked");
  if (rowError(row)) names.push("bad");
  return names.join(" ");
}

function nameCell(row: Row, look: RowLook, first: SpanNode | undefined): HTMLElement {
  const { service = "", instance = "", name = "" } = first ?? {};
  const cell = h("div", { class: "name-cell" });
  cell.style.setProperty("--indents", String(Math.min(row.depth, MAX_INDENTS)));
  const below = row.type === "span" ? row.span.descendants : row.spans.length;
  const toggle = isExpandable(row)
    ? h("span", { class: look.isOpen ? "toggle open" : "toggle", title: `${plural(below, "span")} below` })
    : h("span", { class: "toggle none" });
  const isEdge = row.depth === 0 || isServiceEdge(row);
  const tooDeep = row.depth > MAX_INDENTS;
  const hiddenErrors = row.type === "span" && !look.isOpen ? row.span.errorsBelow : 0;
  cell.append(toggle);
  if (tooDeep) cell.append(h("span", { class: "dim level", title: "level" }, count(row.depth)));
  if (rowError(row))
    cell.append(h("span", { class: "mark", title: "error", attributes: { "aria-label": "error" } }, "!"));
  else if (hiddenErrors > 0)
    cell.append(h("span", { class: "mark hollow", title: `${plural(hiddenErrors, "error")} below` }, "!"));
  if (row.type === "fold") cell.append(...foldBadges(row.spans));
  else if (row.span.failedStatus !== 0)
    cell.append(h("span", { class: statusClass(row.span.failedStatus) }, String(row.span.failedStatus)));
  cell.append(
    h(
      "span",
      { class: "span-name", title: `${service}${instance === "" ? "" : ` ${instance}`}: ${name}` },
      isEdge ? h("b", {}, service) : null,
      isEdge && look.namesInstance && instance !== "" ? h("span", { class: "instance" }, instance) : null,
      name,
    ),
  );
  if (row.type === "span" && !look.isOpen && below > 0)
    cell.append(h("span", { class: "badge" }, count(below)));
  return cell;
}

function foldBadges(spans: readonly SpanNode[]): HTMLElement[] {
  const errors = spans.filter(({ error }) => error).length;
  const number = h("span", { class: "badge" }, `${count(spans.length)} ×`);
  return errors === 0 ? [number] : [number, h("span", { class: "badge bad" }, plural(errors, "error"))];
}

/** The service is named where it, or the program of it, changes; everywhere else its colour says enough. */
function isServiceEdge(row: Row): boolean {
  const [span] = row.type === "span" ? [row.span] : row.spans;
  return span?.parent?.service !== span?.service || span?.parent?.instance !== span?.instance;
}

function timeCell(row: Row, look: RowLook, window: ViewWindow): HTMLElement {
  const { startUs, durationUs } = rowExtent(row);
  const cell = h("div", { class: "time-cell" });
  const bar = strip("bar", window, startUs, startUs + durationUs);
  const sections = look.critical.map(({ fromUs, toUs }) => strip("critical", window, fromUs, toUs));
  const events = row.type === "span" ? row.span.events.slice(0, MAX_EVENT_MARKS) : [];
  const marks = events.map(({ atUs, name }) => {
    const mark = strip(name === "exception" ? "event-mark bad" : "event-mark", window, atUs, atUs);
    if (mark !== null) mark.title = `${plain(name)} +${duration(atUs)}`;
    return mark;
  });
  cell.append(...[bar, ...sections, ...marks].filter((part) => part !== null));
  return cell;
}

/** Null when it is out of view. */
function strip(name: string, window: ViewWindow, fromUs: number, toUs: number): HTMLElement | null {
  const left = Math.max(0, window.place(fromUs));
  const right = Math.min(1, window.place(toUs));
  if (right < left) return null;
  const element = h("div", { class: name });
  element.style.left = `${left * 100}%`;
  element.style.width = `${(right - left) * 100}%`;
  return element;
}
