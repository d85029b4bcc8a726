/** Places the nodes of a layered graph: layers from left to right, each centred on the tallest. */
export interface GraphNode {
  key: string;
  layer: number;
  kind: string;
  name: string;
  title?: string;
  detail?: string;
  to: string;
  /** Keys of the nodes that it rests on. */
  from: readonly string[];
}

export const SIZE = { width: 164, height: 76 };
const GAP = { x: 30, y: 12 };

export interface Placed {
  at: Map<string, { x: number; y: number }>;
  width: number;
  height: number;
}

export function place(nodes: readonly GraphNode[]): Placed {
  const layers = [...Map.groupBy(nodes, (node) => node.layer)].sort(([a], [b]) => a - b).map(([, layer]) => layer);
  const tall = (count: number): number => count * SIZE.height + (count - 1) * GAP.y;
  const height = Math.max(0, ...layers.map((layer) => tall(layer.length)));
  const at = new Map<string, { x: number; y: number }>();
  layers.forEach((layer, column) =>
    layer.forEach((node, row) =>
      at.set(node.key, {
        x: column * (SIZE.width + GAP.x),
        y: (height - tall(layer.length)) / 2 + row * (SIZE.height + GAP.y),
      }),
    ),
  );
  return { at, height, width: Math.max(0, layers.length * (SIZE.width + GAP.x) - GAP.x) };
}

export const edgesOf = (nodes: readonly GraphNode[]): { from: string; to: string }[] =>
  nodes.flatMap((node) => node.from.map((from) => ({ from, to: node.key })));
