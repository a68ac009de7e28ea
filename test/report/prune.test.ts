import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import type { EvaluateSummary } from '../../src/experiment/model/evaluate.js';
import { parsePruneConfig } from '../../src/experiment/model/prune/config.js';
import type { PruneModelSummary } from '../../src/experiment/model/prune/model.js';
import { type PruneReport, prunePage } from '../../src/report/prune-page.js';

const adapter = {
  name: 'an <adapter>',
  kind: 'software',
} as unknown as PruneModelSummary['adapter'];

function figures(multiplyAdds: number, accuracy: number): EvaluateSummary {
  return {
    adapter,
    pictures: 40,
    accuracy,
    multiplyAdds,
    parameters: multiplyAdds / 10,
    milliseconds: [
      { batch: 1, perPicture: 3 },
      { batch: 32, perPicture: 2 },
    ],
    memory: { maps: 1, peak: 2 },
  };
}

const budget = { budget: { of: 'multiplyAdds', asked: 0.5, reached: 0.5 } } as const;

const summary: PruneModelSummary = {
  adapter,
  network: {
    graph: {
      name: 'n',
      input: { name: 'i', channels: 3, height: 2, width: 2 },
      nodes: [],
      output: 'o',
    },
    weights: new Map(),
  },
  dense: figures(1000, 0.9),
  pruned: figures(500, 0.8),
  units: [
    { unit: 'b1.conv1', channels: 16, kept: [0, 3, 5], loss: 0.1 },
    { unit: 'b2.conv1', channels: 8, kept: [0, 1, 2, 3, 4, 5, 6, 7], loss: 0 },
  ],
  curves: [
    { unit: 'b1.conv1', channels: 16, kept: [1, 8], divergence: [0.4, 0.01] },
    // A divergence that no logarithm shows.
    { unit: 'b2.conv1', channels: 8, kept: [1, 4], divergence: [0.9, 0] },
  ],
  ...budget,
  calibration: 20,
  divergence: 0.05,
  agreement: 0.85,
  seconds: { curves: 1, cutting: 2 },
};

const report: Omit<PruneReport, 'document'> = {
  architecture: 'resnet20',
  config: parsePruneConfig({}),
  summary,
  bytes: { pruned: 250, dense: 450 },
  file: 'half.safetensors',
  disagreements: { pictures: 40, found: [{ picture: 7, dense: 0, pruned: 1 }] },
  pictureAt: (index) => ({ source: `data:image/png;base64,${index}`, label: 1 }),
  classes: ['cat', 'a <dog>'],
  versions: { espalier: '1.2.3' },
  command: 'espalier prune a & b',
};

function page(given: Partial<PruneReport> = {}) {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  return prunePage({ ...report, ...given, document });
}

test('a pruning is drawn as one page with nothing to load', () => {
  const html = page();
  const { document } = parseHTML(html);
  const text = document.querySelector('main')?.textContent ?? '';
  expect(text).toContain('500 are left, 0.500 of them.');
  expect(text).toContain('right for 80.00 % of 40 pictures, the dense one for 90.00 %');
  expect(text).toContain('3 of 16');
  expect(text).toContain('8 of 8');
  expect(text).toContain('espalier prune a & b');
  expect(text).toContain('safe_open("half.safetensors", "pt")');
  expect(page({ file: 'half.pth' })).toMatch(/torch\.load\(.*half\.pth.*, weights_only=True\)/);
  const [first, ...others] = document.querySelectorAll('.tiles svg');
  expect(others).toHaveLength(1);
  expect(first?.textContent).toContain('b1.conv1');
  const [picture] = document.querySelectorAll('.pictures li');
  expect(picture?.textContent).toBe('is a <dog>dense: catpruned: a <dog>');
  expect(picture?.querySelector('img')?.getAttribute('src')).toBe('data:image/png;base64,7');
  expect(html).not.toMatch(/NaN|undefined|Infinity|<script|src="http|href=/);
});

test('what was not measured is said, and an ONNX file is taken by its own runtime', () => {
  const disagreements = { pictures: 1, found: [] };
  const html = page({ summary: { ...summary, curves: [] }, file: 'half.onnx', disagreements });
  expect(html).toContain('no curves were measured');
  expect(html).toContain('both networks give the same answers');
  expect(html).toContain('onnxruntime.InferenceSession("half.onnx")');
  expect(html).not.toContain('torch');
});
