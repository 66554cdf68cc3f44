import { plain } from "./plain-text.ts";

/** Elements are built from parts, never from markup, so text from a span can only ever be text. */
export type Child = Node | string | null;

interface Settings {
  readonly class?: string;
  readonly title?: string;
  readonly attributes?: Readonly<Record<string, string | boolean | null>>;
  readonly on?: { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  settings: Settings = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (settings.class !== undefined) element.className = settings.class;
  if (settings.title !== undefined) element.title = plain(settings.title);
  setAttributes(element, settings.attributes ?? {});
  for (const [type, listener] of Object.entries(settings.on ?? {})) {
    element.addEventListener(type, listener as EventListener);
  }
  element.append(...parts(children));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | boolean | null>> = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  element.append(...parts(children));
  return element;
}

export function replaceChildren(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren(...parts(children));
}

function parts(children: readonly Child[]): (Node | string)[] {
  return children
    .filter((child) => child !== null)
    .map((child) => (typeof child === "string" ? plain(child) : child));
}

/** `true` sets an attribute without a value; `false` and `null` leave it out. */
function setAttributes(
  element: Element,
  attributes: Readonly<Record<string, string | boolean | null>>,
): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (typeof value === "string") element.setAttribute(name, value);
  }
}

/** An icon from `d` of one 16 x 16 path. */
export function icon(d: string): SVGSVGElement {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", {
      d,
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "1.5",
      "stroke-linecap": "round",
    }),
  );
}
