import { createPaper } from '../src/report/drawing.js';
import { escaped, factList, htmlPage } from '../src/report/html.js';
import { figure } from '../src/report/words.js';
import type { BenchReport } from './report.js';
import { roofline } from './roofline.js';
import { rooflinePoints } from './roofline-area.js';
import { type BenchRow, type BenchRows, byWork } from './rows.js';

export interface BenchPageInput {
  readonly report: BenchReport;
  readonly rows: BenchRows;
  /** What to know in reading it: the clock, the baseline, warnings. */
  readonly notes: readonly string[];
  /** The command that makes it again. */
  readonly command: string;
  /** Where elements are made: a page's own document, or linkedom's in Node. */
  readonly document: Document;
}

const WIDE = 1080;
const NARROW = 350;

/** Many columns need more room than text. */
const OWN_STYLE = `
body { max-width: 78rem; }
.table table { font-size: 0.84rem; }
.table :is(th, td) { padding: 0.25rem 0.4rem; }
.table td { white-space: nowrap; }
.table td:last-child { min-width: 6.5rem; white-space: normal; }
.table :is(th, td):first-child { padding-left: 0; }
.table .work th { padding-top: 0.7rem; text-align: left; white-space: pre; }
.table td.note { text-align: left; color: var(--muted); }
.table td.note span { display: block; width: max-content; max-width: 36rem; white-space: normal; }
.table :is(th, td):nth-child(-n+3) { text-align: left; }
`;

/** Draws a report as a self-contained page: the roofline, the table, and where it was measured. */
export function benchPage({ report, rows, notes, command, document }: BenchPageInput): string {
  const { adapter, date, results, limits } = report;
  const [wide, narrow] = [WIDE, NARROW].map((width) =>
    roofline(createPaper(document, width), report),
  );
  const drawn = rooflinePoints(results).length;
  const measured = results.filter(({ verified }) => verified);
  const idle = measured.filter(({ gflops }) => gflops === 0).map(({ work }) => work);
  const title = `Benchmark on ${adapter.name}`;
  const plot =
    drawn === 0
      ? ''
      : `<figure>
<div class="wide">${wide?.svg}</div><div class="narrow">${narrow?.svg}</div>
<figcaption>Operations a second against operations for each byte that must move, both logarithmic. Nothing can lie above the roofs: what moves much for its arithmetic is held down by the copy bandwidth, the rest by the multiply-add rate${adapter.kind === 'software' ? '; work small enough for the caches may pass the first' : ''}. Labels are names or, where these do not fit, the numbers of the table’s lines.${idle.length > 0 ? ` Without arithmetic, and so without a place here: ${escaped([...new Set(idle)].join(', '))}.` : ''}</figcaption>
</figure>`;
  const body = `<h1>${escaped(title)}</h1>
<p class="lead">${measured.length} results, each verified in float64 before it was timed, beside what the adapter can do at most: copy ${figure(limits.copyGBps)} GB/s, multiply-add ${figure(limits.fmaGflops)} GFLOP/s.</p>
${plot}
<h2>All figures</h2>
${notes.map((note) => `<p>${escaped(note)}</p>`).join('\n')}
${resultsTable(rows, results.length)}
<h2>How it was measured</h2>
<pre>${escaped(command)}</pre>
${factList(reportFacts(report, date))}`;
  return htmlPage({ title, style: OWN_STYLE, body });
}

function reportFacts(
  { adapter, host, versions, limits }: BenchReport,
  date: string,
): readonly (readonly [string, string])[] {
  return [
    ['adapter', adapter.name],
    ['kind', adapter.kind],
    ['vendor, architecture', [adapter.vendor, adapter.architecture].filter(Boolean).join(', ')],
    ['driver', adapter.driver || 'not told by this host'],
    ['host', host],
    [
      'versions',
      Object.entries(versions)
        .map((pair) => pair.join(' '))
        .join(', '),
    ],
    ['date', date],
    ['copy', `${figure(limits.copyGBps)} GB/s`],
    ['multiply-add', `${figure(limits.fmaGflops)} GFLOP/s`],
    ['empty dispatch', `${figure(limits.dispatchMicros)} µs`],
    ['empty submit', `${figure(limits.submitMicros)} µs`],
  ];
}

function resultsTable({ head, rows }: BenchRows, results: number): string {
  const [, , ...columns] = head;
  const heads = ['#', ...columns].map((name) => `<th>${escaped(name)}</th>`).join('');
  const line = (row: BenchRow) => {
    const { cells, note } = row;
    const at = rows.indexOf(row);
    const number = at < results ? String(at + 1) : '';
    const own = [number, ...cells.slice(2)].map((cell) => `<td>${escaped(cell)}</td>`).join('');
    const rest = note
      ? `<td class="note" colspan="${head.length - cells.length}"><span>${escaped(note)}</span></td>`
      : '';
    return `<tr>${own}${rest}</tr>`;
  };
  const bodies = [...byWork(rows)].map(([name, group]) => {
    const above = `<tr class="work"><th colspan="${columns.length + 1}">${escaped(name)}</th></tr>`;
    return `<tbody>${above}${group.map(line).join('')}</tbody>`;
  });
  return `<div class="table"><table><thead><tr>${heads}</tr></thead>${bodies.join('')}</table></div>`;
}
