import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import type { CompareSummary, Comparison } from '../../src/experiment/compare-events.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import { comparisonPage } from '../../src/report/comparison-page.js';
import { type Report, studyReport } from '../../src/report/study-page.js';
import { inLight } from '../../src/report/style.js';
import { analyse } from '../../src/study/analysis.js';
import { type Cell, parseCell } from '../../src/study/cell.js';
import { cellCount } from '../../src/study/grid.js';
import { parseStudyConfig, type StudyConfig } from '../../src/study/study-config.js';
import { sampleCells } from './sample-cells.js';

function draw(
  config: StudyConfig,
  cells: readonly Cell[],
  analyses = analyse(config, cells),
): Report {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const versions = { espalier: '1.2.3' };
  return studyReport({
    config,
    cells,
    expected: cellCount(config),
    analyses,
    versions,
    document,
    command: 'espalier study & more',
  });
}

const BASE = { iterations: 100, pruneEvery: 10, width: 16, picks: 8, batch: 8 };

describe('a report', () => {
  test.each([
    ['sizes and trials', { sizes: [25, 100, 400] }, 4],
    ['one size and one trial', { sizes: [25], trials: 1 }, 4],
    ['one example', { sizes: [1, 2], trials: 1 }, 4],
    ['a sweep', { sizes: [25, 100], picks: [4, 8] }, 8],
    ['thresholds that are never reached', { sizes: [25, 100, 90000], level: 0.02 }, 4],
    ['a level that nothing reaches', { sizes: [25, 100], level: 1e-9 }, 4],
    ['fine-tuning', { sizes: [25, 100], fineTune: 5 }, 4],
  ] as const)(
    'of %s holds figures, tables and nothing that is no number',
    (_, changes, drawings) => {
      const config = parseStudyConfig({ ...BASE, ...changes });
      const { html, figures } = draw(config, sampleCells(config));
      expect(html).not.toMatch(/NaN|Infinity|undefined|\[object/);
      expect(figures.size).toBe(drawings);
      for (const { svg, width, height } of figures.values()) {
        const light = inLight(svg);
        expect(light).not.toContain('var(--');
        expect(light).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
        expect(width * height).toBeGreaterThan(0);
      }
      expect(html).toContain('an &lt;adapter&gt; &amp; more');
      expect(html).toContain('<dt>seed</dt><dd>0<');
    },
  );

  test('of losses that are 0 still has its logarithms', () => {
    const config = parseStudyConfig({ ...BASE, sizes: [25, 100] });
    expect(draw(config, sampleCells(config, 0)).html).not.toMatch(/NaN|Infinity/);
    const none = sampleCells(config).map((cell) => ({ ...cell, denseLoss: 0, subnetworkLoss: 0 }));
    expect(draw(config, none).html).not.toMatch(/NaN|Infinity/);
  });

  test('of more cells than a call takes arguments is drawn', () => {
    const config = parseStudyConfig({ ...BASE, sizes: [25, 100], trials: 1, pruneEvery: 1 });
    const cells = sampleCells(config);
    const analyses = analyse(config, cells).map(({ courses, ...rest }) => {
      return { ...rest, courses: Array.from({ length: 700 }, () => courses).flat() };
    });
    expect(draw(config, cells, analyses).figures.size).toBe(4);
  });

  test('of records without the number of inputs does without the curve that needs it', () => {
    const config = parseStudyConfig({ ...BASE, sizes: [25, 100, 400] });
    const cells = sampleCells(config);
    const old = cells.map(({ inputs: _, ...cell }) => parseCell(JSON.stringify(cell), 'cells', 1));
    const { html } = draw(config, old);
    expect(html).toContain('curve is left out: the records');
    expect(html).not.toContain('ln k');
    // One that was resumed since has it in some of its cells.
    const { html: resumed } = draw(config, [...old.slice(0, -1), ...cells.slice(-1)]);
    expect(resumed).toContain('ln k');
  });

  test('of an unfinished study says so', () => {
    const config = parseStudyConfig({ ...BASE, sizes: [25, 100] });
    const cells = sampleCells(config);
    expect(draw(config, cells.slice(0, 40)).html).toContain('40 of 66 cells are done');
    const { html, figures } = draw(config, cells.slice(0, 3));
    expect(html).toContain('No trial is finished yet');
    expect(figures.size).toBe(0);
    expect(draw(config, cells).html).not.toContain('Unfinished');
  });

  // Of four thresholds a constant alone has a finite AICc.
  test.each([1, 2])('of two sizes and too few trials, %i, names no curve as the best', (trials) => {
    const config = parseStudyConfig({ ...BASE, sizes: [25, 100], trials });
    const cells = sampleCells(config);
    for (const { absolute } of analyse(config, cells, 10)) {
      expect(absolute.fits.some(({ aicc }) => Number.isFinite(aicc))).toBe(trials === 2);
      expect(absolute.fits.map(({ weight }) => weight)).toEqual(absolute.fits.map(() => 0));
    }
    const { html } = draw(config, cells);
    expect(html).toContain('here are too few trials to tell the curves apart.');
    expect(html).not.toMatch(/est supported is|: .*, best, 95 % band/);
  });

  test('says which curve is supported, where the trials lie, and how it was made', () => {
    const config = parseStudyConfig({ ...BASE, sizes: [25, 100, 400], level: 0.02 });
    const { html } = draw(config, sampleCells(config));
    // 0.2 falls to 0.02 after log2(10) √m iterations, seen at the next checkpoint.
    expect(html).toContain('<td>20, 20, 20</td>');
    expect(html).toContain('<td>70, 80, 80</td>');
    expect(html).toContain('it took 20 iterations for 25 training examples and 77 for 400;');
    expect(html).toContain(
      '9 thresholds at 3 sizes are too few to tell which curve is right: nearest so far is the power law, t = α mᵝ',
    );
    expect(html).toContain('<pre>espalier study &amp; more</pre>');
  });
});

const performance = { trainingLoss: 0.1, testLoss: 0.5, testAccuracy: 0.75 };

function compared(rows: readonly Comparison[], dense: Partial<CompareSummary['dense']> = {}) {
  const summary: CompareSummary = {
    adapter: {
      name: 'an adapter',
      vendor: '',
      architecture: '',
      device: '',
      driver: '',
      kind: 'software',
      subgroupSize: undefined,
    },
    dense: { loss: 0.07, accuracy: 1, test: { loss: 0.09, accuracy: 1 }, ...dense },
    rows,
    curves: rows.map(({ method, trainingLoss }) => ({
      method,
      loss: Float32Array.of(trainingLoss),
      stopped: 'count' as const,
    })),
  };
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const config = parseRunConfig({});
  return comparisonPage({ config, summary, versions: {}, command: '', document });
}

test('the dense network is drawn beside what was done to it too, and nothing else', () => {
  const row = { method: 'greedy', picks: 5, distinct: 5, ...performance } as const;
  const rows = [
    { ...row, refitted: performance, fineTuned: performance },
    { ...row, picks: 9, refitted: performance, fineTuned: performance },
  ];
  const dashed = (dense: Partial<CompareSummary['dense']>) => {
    const figure = compared(rows, dense).figures.get('accuracy');
    // The last is the legend's.
    return (figure?.svg.match(/stroke-dasharray="6,4"/g)?.length ?? 0) - 1;
  };
  expect(dashed({ refitted: performance, fineTuned: performance })).toBe(3);
  expect(dashed({ fineTuned: performance })).toBe(2);
  expect(dashed({})).toBe(1);
});

test('a comparison is summed up at the most picks of each method', () => {
  const row = (method: Comparison['method'], picks: number, trainingLoss: number): Comparison => ({
    ...{ method, picks, distinct: picks },
    ...performance,
    trainingLoss,
  });
  const lead = (rows: readonly Comparison[]) =>
    /<p class="lead">(.*)<\/p>/.exec(compared(rows).html)?.[1];
  // Least squares end where every neuron is picked.
  const greedy = [row('greedy', 10, 0.1), row('greedy', 50, 0.0855)];
  const corrective = [row('corrective', 10, 0.09), row('corrective', 32, 0.0802)];
  expect(lead([...greedy, ...corrective])).toBe(
    '“greedy: least squares” comes to a training loss of 0.0802 with 32 picks and “greedy: average of the picks” to 0.0855 with 50 picks; the dense network has 0.07.',
  );
  expect(lead([row('random', 1, 0.2)])).toBe(
    '“random” comes to a training loss of 0.2 with 1 pick; the dense network has 0.07.',
  );
  expect(lead([])).toBe('Nothing was compared.');
});
