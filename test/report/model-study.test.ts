import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { modelReportFiles } from '../../src/report/model-study-page.js';
import { publishedRows } from '../../src/report/model-study-table.js';
import { analyseModelStudy } from '../../src/study/model/analysis.js';
import { parseModelStudyConfig } from '../../src/study/model/config.js';
import { placesOfStudy } from '../../src/study/model/grid.js';
import { leftOutText, leftOutTexts } from '../../src/study/model/left-out.js';
import { modelCells } from '../study/model-cells.js';

const config = parseModelStudyConfig({
  ...{ architecture: 'resnet8', sizes: [128, 300], epochs: 8, trials: 2 },
  criteria: ['group', 'l1'],
});

function report(cells: ReturnType<typeof modelCells>, own = config): ReadonlyMap<string, string> {
  const files = modelReportFiles({
    ...{ config: own, cells, expected: placesOfStudy(own).length },
    analyses: analyseModelStudy(own, cells, 0),
    versions: { espalier: '0' },
    document: parseHTML('<html></html>').document,
    command: 'espalier study --architecture <resnet8>',
    streamed: { pictures: 20_000, threads: 3, decoded: 31.96, trained: 2.214 },
  });
  return new Map(files.map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)]));
}

test('the table is the published one: shares of pre-training, the dense network, what is left', () => {
  const [analysis] = analyseModelStudy(config, modelCells(config), 0);
  expect(publishedRows(config, analysis!)).toEqual({
    head: [
      ...['pictures', '0 %', '25 %', '50 %', '75 %', '100 %', 'dense'],
      ...['multiply-adds', 'parameters', 'as good from'],
    ],
    rows: [
      [
        '128',
        '30.0 %',
        '40.0 %',
        '50.0 %',
        '60.0 %',
        '70.0 %',
        '55.0 %',
        '50.0 %',
        '50.0 %',
        '75 %, 75 %',
      ],
      [
        '300',
        '20.0 %',
        '30.0 %',
        '40.0 %',
        '50.0 %',
        '60.0 %',
        '55.0 %',
        '50.0 %',
        '50.0 %',
        '100 %, 100 %',
      ],
    ],
  });
});

test('the report draws each criterion, marks where zero is crossed, and warns of few points', () => {
  const files = report(modelCells(config));
  expect([...files.keys()]).toEqual([
    ...['cells.csv', 'thresholds.json'],
    ...['accuracy-group.svg', 'heat-map-group.svg', 'thresholds-group.svg'],
    ...['accuracy-l1.svg', 'heat-map-l1.svg', 'thresholds-l1.svg'],
    'report.html',
  ]);
  const map = files.get('heat-map-group.svg') ?? '';
  // After a half of pre-training 0.5 against 0.55, after three quarters 0.6.
  expect(map).toContain('>−5.0</text>');
  expect(map).toContain('>+5.0</text>');
  expect(map).toContain('from here on as good as the dense network');
  const html = files.get('report.html') ?? '';
  expect(html).toContain('75 %, 75 % for 128 pictures; 100 %, 100 % for 300 pictures');
  expect(html).toMatch(/2 sizes are too few to tell which curve is right|too few trials to tell/);
  expect(html).toContain('espalier study --architecture &lt;resnet8&gt;');
  // A rate of reading says something beside that of the device alone.
  expect(html).toContain(
    '20,000 pictures were decoded as they were needed: at full work 32.0 a second by 3 threads',
  );
  expect(html).toContain('2.21 a second are trained on.');
  expect(html).not.toContain('Unfinished');
  expect(files.get('cells.csv')?.split('\n')).toHaveLength(placesOfStudy(config).length + 2);
  expect(JSON.parse(files.get('thresholds.json') ?? '')).toMatchObject({
    counted: 'epochs',
    criteria: [{ criterion: 'group' }, { criterion: 'l1' }],
  });
});

test('a study shows how accuracy and thresholds move with width and depth, and what magnitude pruning keeps', () => {
  const then: ['magnitude', number] = ['magnitude', 0.75];
  const several = { ...config, then, sizes: [128], criteria: ['l1' as const], widths: [0.5, 1] };
  const cells = modelCells(several).map((cell) =>
    cell.width === 1 ? { ...cell, denseMultiplyAdds: 8 } : { ...cell, fineTunedTestAccuracy: 0.5 },
  );
  const files = report(cells, several);
  expect([...files.keys()]).toContain('width-depth-l1.svg');
  expect([...files.keys()]).toContain('heat-map-resnet8-w0.5-l1.svg');
  const html = files.get('report.html') ?? '';
  expect(html).toContain('<h2>Width and depth</h2>');
  // Of the narrow one at the end 0.5 against 0.55; of the other 0.7.
  const row = (...texts: readonly string[]) => texts.map((text) => `<td>${text}</td>`).join('');
  expect(html).toContain(
    row('resnet8 of width 0.5', '128', '2', '2', '50.0 %', '55.0 %', '−5.0', 'never, never'),
  );
  expect(html).toContain(row('resnet8', '128', '8', '2', '70.0 %', '55.0 %', '15.0', '75 %, 75 %'));
  // Magnitude pruning alone has diverged.
  expect(html).toContain(row('128', '0 %', '50.0 %', '25.0 %', '20.0 %', '–', '50.0 %'));
  expect(html).toContain('Left out of 20 of 20 cells: magnitude alone (its training diverged).');
  expect(html).not.toMatch(/Left out.*: channels alone/);
  expect(html).toContain('the 75 % of least magnitude are zeroed');
  expect(report(modelCells(config)).get('report.html')).not.toContain('Width and depth');
});

test('the map’s legend has a line only where one is drawn, and that ends beside a size without a threshold', () => {
  const sizes = [100, 128, 300, 400];
  const map = (reached: readonly number[]) => {
    const own = { ...config, sizes, criteria: ['l1' as const] };
    const cells = modelCells(own).map((cell) =>
      reached.includes(cell.examples) ? cell : { ...cell, fineTunedTestAccuracy: 0.1 },
    );
    const svg = report(cells, own).get('heat-map-l1.svg') ?? '';
    // The drawn line's pieces, each begun by a move; the legend's strokes and dots.
    const [drawing = '', legend = ''] = svg.split('<svg y="0"')[1]!.split(/<svg y="[1-9]/);
    const line = /stroke="black"[^>]*aria-label="line"[^>]*>(.*?)<\/g>/s.exec(drawing)?.[1] ?? '';
    return {
      pieces: line.match(/M/g)?.length ?? 0,
      strokes: legend.match(/<line/g)?.length ?? 0,
      dots: legend.match(/<path|<circle/g)?.length ?? 0,
    };
  };
  expect(map(sizes)).toEqual({ pieces: 1, strokes: 1, dots: 0 });
  expect(map([100, 128, 400])).toEqual({ pieces: 2, strokes: 1, dots: 0 });
  expect(map([128, 400])).toEqual({ pieces: 2, strokes: 0, dots: 1 });
  expect(map([])).toEqual({ pieces: 0, strokes: 0, dots: 0 });
});

test('what a cell is compared with and is not is told with its reason', () => {
  const then: ['magnitude', number] = ['magnitude', 0.75];
  const own = { ...config, then, budgets: 'measured' as const };
  const compared = { scratchTestAccuracy: 0.4, magnitudeAloneTestAccuracy: 0.3 };
  const all = modelCells(own).map((cell) => ({ ...cell, ...compared }));
  expect(report(all, own).get('report.html')).not.toContain('Left out');
  const cells = all.map(
    ({ channelsAloneParameters: few, channelsAloneTestAccuracy: accuracy, ...cell }) => {
      if (cell.trial > 0) {
        return { ...cell, channelsAloneParameters: few, channelsAloneTestAccuracy: accuracy };
      }
      return cell.criterion === 'l1' ? { ...cell, channelsAloneParameters: few } : cell;
    },
  );
  const few = 'channels alone (the fewest channels leave more parameters)';
  const lines = [
    `Left out of 10 of 40 cells: ${few}.`,
    'Left out of 10 of 40 cells: channels alone (its training diverged).',
  ];
  expect(leftOutTexts(own, cells)).toEqual(lines);
  for (const line of lines) expect(report(cells, own).get('report.html')).toContain(line);
  expect(leftOutText(own, cells[0]!)).toMatch(/^; without “channels alone”: the fewest channels/);
});

test('a study that is not finished says so, and draws whole trials only', () => {
  const cells = modelCells(config).filter(({ trial }) => trial === 0);
  expect(report(cells).get('report.html')).toContain('20 of 40 cells are done');
  const none = report(cells.slice(0, 1)).get('report.html') ?? '';
  expect(none).toContain('No trial is finished yet');
  expect(none).not.toContain('<svg');
});
