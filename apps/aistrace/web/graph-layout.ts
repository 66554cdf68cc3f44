import type { OwnGraphCall } from "../query/own-types.ts";

export const NODE_WIDTH = 216;
export const NODE_HEIGHT = 58;
const GAP_X = 150;
const GAP_Y = 30;
const MARGIN = 26;
/** Sweeps over the layers; more of them change nothing in graphs of the size that a page can show. */
const SWEEPS = 4;

export interface Place {
  /** Of the upper left corner. */
  readonly x: number;
  readonly y: number;
}

export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  /** By node. */
  readonly places: readonly Place[];
}

/**
 * Callers at the left, whom they call at their right: a node's layer is one more than the highest of its callers', calls
 * that would close a circle left out. Within a layer nodes are near the middle of their neighbours.
 */
export function layOutGraph(nodes: number, calls: readonly OwnGraphCall[]): GraphLayout {
  const forward = withoutCircles(nodes, calls);
  const layers = layersOf(nodes, forward);
  for (let sweep = 0; sweep < SWEEPS; sweep++) sortLayers(layers, forward, sweep % 2 === 0);
  const tallest = layers.reduce((most, layer) => Math.max(most, layer.length), 1);
  const inner = tallest * (NODE_HEIGHT + GAP_Y) - GAP_Y;
  const places: Place[] = Array.from({ length: nodes }, () => ({ x: 0, y: 0 }));
  for (const [column, layer] of layers.entries()) {
    const top = (inner - (layer.length * (NODE_HEIGHT + GAP_Y) - GAP_Y)) / 2;
    for (const [line, node] of layer.entries()) {
      places[node] = {
        x: MARGIN + column * (NODE_WIDTH + GAP_X),
        y: MARGIN + top + line * (NODE_HEIGHT + GAP_Y),
      };
    }
  }
  return {
    width: 2 * MARGIN + Math.max(1, layers.length) * (NODE_WIDTH + GAP_X) - GAP_X,
    height: 2 * MARGIN + inner,
    places,
  };
}

interface Edge {
  readonly from: number;
  readonly to: number;
}

/** Depth first from the nodes that nobody calls; a call back to a node that is still under way is left out. */
function withoutCircles(nodes: number, calls: readonly OwnGraphCall[]): Edge[] {
  const out = Map.groupBy(calls, ({ from }) => from);
  const called = new Set(calls.map(({ to }) => to));
  const all = Array.from({ length: nodes }, (_, node) => node);
  const starts = [...all.filter((node) => !called.has(node)), ...all];
  const state = new Map<number, "under way" | "done">();
  const kept: Edge[] = [];
  for (const start of starts) {
    if (state.has(start)) continue;
    const stack = [{ node: start, next: 0 }];
    state.set(start, "under way");
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const edge = out.get(top.node)?.[top.next++];
      if (edge === undefined) {
        state.set(top.node, "done");
        stack.pop();
        continue;
      }
      if (state.get(edge.to) === "under way") continue;
      kept.push(edge);
      if (state.has(edge.to)) continue;
      state.set(edge.to, "under way");
      stack.push({ node: edge.to, next: 0 });
    }
  }
  return kept;
}

/** Nodes by layer. There are no circles, so as many rounds as there are nodes are enough. */
function layersOf(nodes: number, edges: readonly Edge[]): number[][] {
  const layer: number[] = new Array(nodes).fill(0);
  for (let round = 0, isChanged = true; isChanged && round < nodes; round++) {
    isChanged = false;
    for (const { from, to } of edges) {
      const wanted = (layer[from] ?? 0) + 1;
      if (wanted <= (layer[to] ?? 0)) continue;
      layer[to] = wanted;
      isChanged = true;
    }
  }
  const layers: number[][] = [];
  for (const [node, column] of layer.entries()) {
    while (layers.length <= column) layers.push([]);
    layers[column]?.push(node);
  }
  return layers;
}

function sortLayers(layers: number[][], edges: readonly Edge[], byCallers: boolean): void {
  const order = byCallers ? layers : layers.toReversed();
  const position = new Map<number, number>();
  for (const layer of layers)
    for (const [i, node] of layer.entries()) position.set(node, i - layer.length / 2);
  for (const layer of order) {
    const middle = new Map(
      layer.map((node) => {
        const near = edges.filter(({ from, to }) => (byCallers ? to : from) === node);
        const sum = near.reduce(
          (total, { from, to }) => total + (position.get(byCallers ? from : to) ?? 0),
          0,
        );
        return [node, near.length === 0 ? (position.get(node) ?? 0) : sum / near.length] as const;
      }),
    );
    layer.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0));
    for (const [i, node] of layer.entries()) position.set(node, i - layer.length / 2);
  }
}
