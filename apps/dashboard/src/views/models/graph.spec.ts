import { describe, expect, it } from 'vitest';
import { edgesOf, type GraphNode, place, SIZE } from './graph';

const node = (key: string, layer: number, ...from: string[]): GraphNode => ({ key, layer, from, kind: '', name: key, to: '/' });

describe('a layered graph', () => {
  const nodes = [node('file 1', 0), node('file 2', 0), node('dataset', 1, 'file 1', 'file 2'), node('model', 3, 'dataset')];
  const { at, width, height } = place(nodes);

  it('goes from left to right, and no two nodes lie on one another', () => {
    const [first, second, dataset, model] = ['file 1', 'file 2', 'dataset', 'model'].map((key) => at.get(key)!);
    expect(first!.x).toBe(second!.x);
    expect(second!.y).toBeGreaterThanOrEqual(first!.y + SIZE.height);
    expect(dataset!.x).toBeGreaterThanOrEqual(first!.x + SIZE.width);
    expect(model!.x).toBeGreaterThanOrEqual(dataset!.x + SIZE.width);
    expect(model!.x + SIZE.width).toBe(width);
    expect(second!.y + SIZE.height).toBe(height);
  });

  it('centres what is smaller, and knows every edge', () => {
    expect(at.get('dataset')!.y).toBe((at.get('file 1')!.y + at.get('file 2')!.y) / 2);
    expect(edgesOf(nodes)).toEqual([
      { from: 'file 1', to: 'dataset' },
      { from: 'file 2', to: 'dataset' },
      { from: 'dataset', to: 'model' },
    ]);
  });
});
