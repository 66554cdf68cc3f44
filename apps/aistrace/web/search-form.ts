import { fetchOperations } from "./api.ts";
import { h, replaceChildren } from "./dom.ts";
import { DEFAULT_LOOKBACK, LOOKBACKS } from "./lookback.ts";
import type { Page } from "./page.ts";
import { DEFAULT_LIMIT, LIMITS } from "./search-query.ts";
import { formatTagText, parseTagText } from "./tag-text.ts";

const US_PER_MS = 1000;
/** Asking each of more services than this for its operations would take too long. */
const MAX_SERVICES_ASKED = 20;
/** Asked for as a tag, so that addresses stay those of tags. */
const STATUS_TAG = "http.response.status_code";
const STATUS_CLASSES = [
  ["", "Any"],
  ["4xx", "4xx, refused"],
  ["5xx", "5xx, failed"],
  ["2xx", "2xx, done"],
] as const;
const MAX_DATE_MS = 8.64e15;

interface Fields {
  readonly service: HTMLSelectElement;
  readonly operation: HTMLSelectElement;
  readonly tags: HTMLInputElement;
  readonly minDuration: HTMLInputElement;
  readonly maxDuration: HTMLInputElement;
  readonly status: HTMLSelectElement;
  readonly error: HTMLInputElement;
  readonly lookback: HTMLSelectElement;
  readonly start: HTMLInputElement;
  readonly end: HTMLInputElement;
  readonly limit: HTMLSelectElement;
}

export async function searchForm(
  page: Page,
  services: readonly string[],
  query: URLSearchParams,
  search: (query: URLSearchParams) => void,
): Promise<HTMLFormElement> {
  const operations = await operationsOf(query.get("service") ?? "", services, page.signal);
  const fields = makeFields(services, operations, query);
  const problem = h("p", { class: "warning", attributes: { role: "alert", hidden: true } });
  fields.service.addEventListener("change", () => void offerOperations(fields, services, page.signal));

  const times = h("div", { class: "times" }, labelled("From", fields.start), labelled("To", fields.end));
  const showTimes = (): void => {
    times.hidden = fields.lookback.value !== "custom";
  };
  fields.lookback.addEventListener("change", showTimes);
  showTimes();

  const submit = (event: Event): void => {
    event.preventDefault();
    const wanted = readFields(fields, query);
    problem.hidden = typeof wanted !== "string";
    if (typeof wanted === "string") problem.textContent = wanted;
    else search(wanted);
  };
  return h(
    "form",
    { class: "panel form", attributes: { "aria-label": "search" }, on: { submit } },
    labelled("Service", fields.service),
    labelled("Operation", fields.operation),
    labelled("Tags", fields.tags, 'key=value, with blanks key="a value"; several are all to fit'),
    h(
      "div",
      { class: "pair" },
      labelled("Min duration", fields.minDuration),
      labelled("Max duration", fields.maxDuration),
    ),
    labelled("HTTP status", fields.status),
    h("label", { class: "check" }, fields.error, "Errors only"),
    labelled("Time", fields.lookback),
    times,
    labelled("At most", fields.limit),
    problem,
    h("button", { class: "primary wide", attributes: { type: "submit", name: "find" } }, "Find traces"),
  );
}

function makeFields(
  services: readonly string[],
  operations: readonly string[],
  query: URLSearchParams,
): Fields {
  const value = (name: string): string => query.get(name) ?? "";
  const input = (name: string, type: string, placeholder: string): HTMLInputElement =>
    h("input", {
      attributes: { name, type, placeholder, value: value(name), spellcheck: "false", autocomplete: "off" },
    });
  const error = h("input", { attributes: { type: "checkbox", name: "error" } });
  error.checked = value("error") === "true" || tagsOf(query).get("error") === "true";
  const tags = tagsOf(query);
  if (error.checked) tags.delete("error");
  const status = tags.get(STATUS_TAG) ?? "";
  const isClass = STATUS_CLASSES.some(([known]) => known === status);
  if (isClass) tags.delete(STATUS_TAG);
  const tagInput = input("tags", "text", "ais.bucket=ais://nnn");
  tagInput.value = formatTagText(tags);
  const lookback = value("lookback") || DEFAULT_LOOKBACK;
  return {
    service: choice("service", [["", "All services"], ...services.map(same)], value("service")),
    operation: choice("operation", [["", "All operations"], ...operations.map(same)], value("operation")),
    tags: tagInput,
    minDuration: input("minDuration", "text", "100ms"),
    maxDuration: input("maxDuration", "text", "1.5s"),
    status: choice("status", STATUS_CLASSES, isClass ? status : ""),
    error,
    lookback: choice(
      "lookback",
      [...LOOKBACKS.map(([text, , title]) => [text, title] as const), ["custom", "Between two times"]],
      lookback,
    ),
    start: timeInput("start", query.get("start"), Date.now() - 3_600_000),
    end: timeInput("end", query.get("end"), Date.now()),
    limit: choice(
      "limit",
      LIMITS.map((limit) => [limit, `${limit} traces`] as const),
      value("limit") || DEFAULT_LIMIT,
    ),
  };
}

/** A select that also offers `chosen` when a link asks for something that is not in the list. */
function choice(
  name: string,
  options: readonly (readonly [string, string])[],
  chosen: string,
): HTMLSelectElement {
  const all = options.some(([value]) => value === chosen) ? options : [...options, same(chosen)];
  const select = h("select", { attributes: { name } });
  for (const [value, text] of all) {
    const option = h("option", { attributes: { value } }, text);
    option.selected = value === chosen;
    select.append(option);
  }
  return select;
}

function same(text: string): readonly [string, string] {
  return [text, text];
}

/** The browser's own control has no time zone: it shows local time, to the second. */
function timeInput(name: string, us: string | null, fallbackMs: number): HTMLInputElement {
  const asked = us === null || us === "" ? fallbackMs : Number(us) / US_PER_MS;
  // The server says what is wrong with a time that is none.
  const ms = Math.abs(asked) < MAX_DATE_MS - 86_400_000 ? asked : fallbackMs;
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  const value = local.toISOString().slice(0, 19);
  return h("input", { attributes: { name, type: "datetime-local", step: "1", value } });
}

function labelled(text: string, field: HTMLElement, hint = ""): HTMLLabelElement {
  return h(
    "label",
    {},
    h("span", { class: "label" }, text),
    field,
    hint === "" ? null : h("span", { class: "label field-hint" }, hint),
  );
}

/** Of all services when none is chosen: an operation can be searched without. */
async function operationsOf(
  service: string,
  services: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (service !== "") return fetchOperations(service, signal);
  if (services.length > MAX_SERVICES_ASKED) return [];
  const lists = await Promise.all(services.map((name) => fetchOperations(name, signal)));
  return [...new Set(lists.flat())].sort();
}

async function offerOperations(
  { service, operation }: Fields,
  services: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const all = h("option", { attributes: { value: "" } }, "All operations");
  replaceChildren(operation, all);
  const asked = service.value;
  const names = await operationsOf(asked, services, signal).catch((): readonly string[] => []);
  if (service.value !== asked) return;
  replaceChildren(operation, all, ...names.map((name) => h("option", { attributes: { value: name } }, name)));
}

/** The search as parameters of the address, without those that say nothing; or what is wrong with it. */
function readFields(fields: Fields, before: URLSearchParams): URLSearchParams | string {
  const tags = parseTagText(fields.tags.value);
  if (tags === null)
    return 'Tags are written key=value, and key="a value" when there are blanks in it; each key once.';
  if (fields.status.value !== "" && tags.has(STATUS_TAG)) return "The HTTP status is asked for twice.";
  if (fields.status.value !== "") tags.set(STATUS_TAG, fields.status.value);
  const [start, end] = [epochUs(fields.start.value), epochUs(fields.end.value)];
  if (fields.lookback.value === "custom" && Number(start) > Number(end || Number.MAX_VALUE))
    return "From is later than To.";
  const query = new URLSearchParams();
  const add = (name: string, value: string): void => {
    if (value !== "") query.set(name, value);
  };
  add("service", fields.service.value);
  add("operation", fields.operation.value);
  add("tags", tags.size === 0 ? "" : JSON.stringify(Object.fromEntries(tags)));
  add("minDuration", fields.minDuration.value.trim());
  add("maxDuration", fields.maxDuration.value.trim());
  add("error", fields.error.checked ? "true" : "");
  add("lookback", fields.lookback.value);
  if (fields.lookback.value === "custom") {
    add("start", start);
    add("end", end);
  }
  add("limit", fields.limit.value);
  add("order", before.get("order") ?? "");
  return query;
}

function epochUs(local: string): string {
  const ms = new Date(local).getTime();
  return Number.isNaN(ms) ? "" : String(ms * US_PER_MS);
}

function tagsOf(query: URLSearchParams): Map<string, string> {
  try {
    const value: unknown = JSON.parse(query.get("tags") || "{}");
    return new Map(Object.entries(value ?? {}).map(([key, item]) => [key, String(item)]));
  } catch {
    // The server says what is wrong with it; the form starts anew.
    return new Map();
  }
}
