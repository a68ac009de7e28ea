import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { type Box, placeLabels } from '../../bench/labels.js';
import { benchPage } from '../../bench/page.js';
import { benchRows } from '../../src/cli/bench-table.js';
import { randomStream } from '../../src/random.js';
import { sampleReport, sampleResult } from './fixture.js';

const FRAME: Box = { x: 50, y: 20, width: 900, height: 500 };
const ROOF = [
  { x: 50, y: 250 },
  { x: 500, y: 30 },
] as const;

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

test.each([1, 2, 3])('labels lie in the frame, off each other and off all points (%i)', (seed) => {
  const stream = randomStream(seed, 'points');
  const tags = Array.from({ length: 40 }, () => ({
    x: 150 + 500 * stream.uniform(),
    y: 150 + 300 * stream.uniform(),
    width: 20 + 60 * stream.uniform(),
    height: 13,
  }));
  const placed = placeLabels(tags, { frame: FRAME, boxes: [], lines: [ROOF] });
  const boxes = placed.flatMap((one) => one?.box ?? []);
  expect(boxes).toHaveLength(40);
  boxes.forEach((box, at) => {
    expect(box).toMatchObject({ width: tags[at]?.width, height: 13 });
    expect(box.x).toBeGreaterThanOrEqual(FRAME.x);
    expect(box.x + box.width).toBeLessThanOrEqual(FRAME.x + FRAME.width);
    expect(boxes.filter((other) => other !== box && overlap(box, other))).toEqual([]);
    const points = tags.map(({ x, y }) => ({ x: x - 2, y: y - 2, width: 4, height: 4 }));
    expect(points.filter((point) => overlap(box, point))).toEqual([]);
    const roof = Array.from({ length: 100 }, (_, step) => ({
      x: 50 + 4.5 * step,
      y: 250 - 2.2 * step,
      width: 0,
      height: 0,
    }));
    expect(roof.filter((spot) => overlap(box, spot))).toEqual([]);
  });
});

test('labels that find no place are told, not drawn over others', () => {
  const crowd = Array.from({ length: 200 }, (_, i) => ({
    x: 400 + (i % 20),
    y: 300 + i / 20,
    width: 120,
    height: 13,
  }));
  const placed = placeLabels(crowd, { frame: FRAME, boxes: [], lines: [] });
  expect(placed).toHaveLength(200);
  expect(placed.filter(Boolean).length).toBeGreaterThan(0);
  expect(placed).toContain(undefined);
});

function page(results: Parameters<typeof sampleReport>[0]) {
  const report = sampleReport(results);
  const omissions = [
    { entry: { ...sampleResult('matmul'), variant: '<b>' }, reason: 'x & y', wrong: false },
  ];
  const rows = benchRows(report, {
    clock: 'gpu',
    omissions,
    disturbances: [],
    baseline: undefined,
  });
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const html = benchPage({ report, rows, notes: ['a note'], command: 'espalier bench', document });
  return { html, parsed: parseHTML(html).document };
}

test('the page stands alone, with both roofs, every point, the table and its origin', () => {
  const { html, parsed } = page([
    sampleResult('matmul', { gflops: 20, gbps: 0.5 }),
    sampleResult('matmul', { gflops: 10, gbps: 0.25, subject: 'tfjs' }),
    sampleResult('gather-columns', { gflops: 0 }),
    sampleResult('loss', { gflops: 0.01, gbps: 0.1 }),
  ]);
  expect(html).not.toMatch(/\b(?:src|href)=|url\(|@import|<script/);
  const [wide, narrow] = ['.wide', '.narrow'].map((name) => parsed.querySelector(name)!);
  for (const figure of [wide!, narrow!]) {
    expect(figure.textContent).toContain('copy 4 GB/s');
    expect(figure.textContent).toContain('multiply-add 50 GFLOP/s');
    expect([...figure.querySelectorAll('title')].map(({ textContent }) => textContent)).toEqual([
      expect.stringContaining('1: matmul m=128,n=1024, default, espalier\n20 GFLOP/s at 40 op'),
      expect.stringContaining('2: matmul m=128,n=1024, default, tfjs'),
      expect.stringContaining('4: loss m=128,n=1024, default, espalier'),
    ]);
  }
  expect(wide!.textContent).toContain('loss');
  const lines = [...parsed.querySelectorAll('tbody tr')].map((row) =>
    [...row.children].map(({ textContent }) => textContent).slice(0, 5),
  );
  expect(lines).toEqual([
    ['matmul  m=128,n=1024'],
    ['1', 'espalier', 'default', 'yes', '10.0'],
    ['2', 'tfjs', 'default', 'yes', '10.0'],
    ['', 'espalier', '<b>', '–', 'skipped: x & y'],
    ['gather-columns  m=128,n=1024'],
    ['3', 'espalier', 'default', 'yes', '10.0'],
    ['loss  m=128,n=1024'],
    ['4', 'espalier', 'default', 'yes', '10.0'],
  ]);
  const text = parsed.querySelector('main')!.textContent;
  for (const fact of ['a card', 'driver 1.2', 'webgpu 0.6.2', '2026-11-22T17:00', 'a note']) {
    expect(text).toContain(fact);
  }
  expect(text).toContain('without a place here: gather-columns.');
});

test('points too many for their names are labelled by number', () => {
  const crowd = Array.from({ length: 60 }, (_, i) =>
    sampleResult('matmul', { shape: { m: i + 1 }, gflops: 10 + i / 10, gbps: 1 + (i % 7) / 20 }),
  );
  const { parsed } = page(crowd);
  const labels = [...parsed.querySelectorAll('.wide text')].map(({ textContent }) => textContent);
  expect(labels).not.toContain('matmul m=1');
  expect(labels).toEqual(expect.arrayContaining(['1', '30', '60']));
});

test('nothing measured is a page without a figure', () => {
  const { parsed } = page([]);
  expect(parsed.querySelector('figure')).toBeNull();
  expect(parsed.querySelectorAll('tbody tr:not(.work)')).toHaveLength(1);
});
