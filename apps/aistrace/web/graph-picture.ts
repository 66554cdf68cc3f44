import type { OwnGraph, OwnGraphCall, OwnGraphNode } from "../query/own-types.ts";
import { svg } from "./dom.ts";
import { count, duration, plural } from "./format.ts";
import { layOutGraph, NODE_HEIGHT, NODE_WIDTH, type Place } from "./graph-layout.ts";
import type { Page } from "./page.ts";

const THINNEST = 1.4;
const THICKEST = 7;
const NAME_CHARS = 20;
/** Where on the way of a call its label stands, so that those of calls from one node to many are apart. */
const LABEL_AT = 0.62;

/** The graph as a picture. The table below it has the same as text. */
export function graphPicture(
  page: Page,
  graph: OwnGraph,
  pathOf: (node: OwnGraphNode) => string,
): SVGSVGElement {
  const { width, height, places } = layOutGraph(graph.nodes.length, graph.calls);
  const picture = svg("svg", {
    class: "graph-picture",
    viewBox: `0 0 ${width} ${height}`,
    width: String(width),
    height: String(height),
    role: "group",
    "aria-label": "service graph",
  });
  const most = graph.calls.reduce((largest, { calls }) => Math.max(largest, calls), 1);
  const labels: SVGElement[] = [];
  for (const call of graph.calls) {
    const [from, to] = [places[call.from], places[call.to]];
    const caller = graph.nodes[call.from];
    if (from === undefined || to === undefined || caller === undefined) continue;
    const { line, label } = drawCall(call, from, to, most);
    line.style.setProperty("--service", page.colors.of(caller.service));
    picture.append(line);
    labels.push(label);
  }
  picture.append(...labels);
  for (const [i, node] of graph.nodes.entries()) {
    const place = places[i];
    if (place !== undefined) picture.append(drawNode(page, node, place, pathOf(node)));
  }
  return picture;
}

interface DrawnCall {
  readonly line: SVGPathElement;
  readonly label: SVGElement;
}

function drawCall(call: OwnGraphCall, from: Place, to: Place, most: number): DrawnCall {
  const isBack = to.x <= from.x;
  const start = { x: from.x + NODE_WIDTH, y: from.y + NODE_HEIGHT / 2 };
  const end = { x: to.x, y: to.y + NODE_HEIGHT / 2 };
  const bend = isBack ? 60 : (end.x - start.x) / 2;
  const dip = isBack ? NODE_HEIGHT : 0;
  const points = [
    start,
    { x: start.x + bend, y: start.y + dip },
    { x: end.x - bend, y: end.y + dip },
    end,
  ] as const;
  const [a, b, c, d] = points;
  const line = svg("path", {
    class: call.errors > 0 ? "call bad" : "call",
    d: `M${a.x} ${a.y}C${b.x} ${b.y} ${c.x} ${c.y} ${d.x} ${d.y}`,
    "stroke-width": (THINNEST + (THICKEST - THINNEST) * (Math.log1p(call.calls) / Math.log1p(most))).toFixed(
      2,
    ),
  });
  line.append(svg("title", {}, callText(call)));
  const at = onCurve(points, LABEL_AT);
  const label = svg(
    "text",
    {
      class: call.errors > 0 ? "call-label bad" : "call-label",
      x: String(at.x),
      y: String(at.y - 7),
      "text-anchor": "middle",
    },
    `${count(call.calls)} · ${duration(call.averageUs)}`,
  );
  return { line, label };
}

function callText({ calls, errors, averageUs }: OwnGraphCall): string {
  return `${plural(calls, "call")}, ${plural(errors, "error")}, ${duration(averageUs)} on average`;
}

type Points = readonly [Place, Place, Place, Place];

function onCurve([a, b, c, d]: Points, t: number): Place {
  const s = 1 - t;
  const at = (pick: (place: Place) => number): number =>
    s ** 3 * pick(a) + 3 * s ** 2 * t * pick(b) + 3 * s * t ** 2 * pick(c) + t ** 3 * pick(d);
  return { x: at(({ x }) => x), y: at(({ y }) => y) };
}

function drawNode(page: Page, node: OwnGraphNode, { x, y }: Place, path: string): SVGElement {
  const name = node.instance === "" ? node.service : node.instance;
  const facts = [...(node.instance === "" ? [] : [node.service]), plural(node.spans, "span")];
  const box = svg(
    "a",
    { class: node.errors > 0 ? "node bad" : "node", href: path },
    svg("title", {}, `${[name, ...facts, plural(node.errors, "error")].join(", ")}: search its traces`),
    svg("rect", {
      class: "node-box",
      x: String(x),
      y: String(y),
      width: String(NODE_WIDTH),
      height: String(NODE_HEIGHT),
      rx: "9",
    }),
    svg("rect", {
      class: "node-mark",
      x: String(x + 10),
      y: String(y + 13),
      width: "4",
      height: String(NODE_HEIGHT - 26),
      rx: "2",
    }),
    svg("text", { class: "node-name", x: String(x + 24), y: String(y + 25) }, shortened(name)),
    svg(
      "text",
      { class: "node-facts", x: String(x + 24), y: String(y + 43) },
      shortened(facts.join(" · "), NAME_CHARS + 8),
    ),
  );
  box.style.setProperty("--service", page.colors.of(node.service));
  return box;
}

function shortened(text: string, chars = NAME_CHARS): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`;
}
