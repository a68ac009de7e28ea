import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { parseCompareModelConfig } from '../../src/experiment/model/compare/config.js';
import type { CompareModelSummary, ModelCell } from '../../src/experiment/model/compare/events.js';
import type { Sharing } from '../../src/experiment/model/prune/events.js';
import { modelComparisonPage } from '../../src/report/model-comparison-page.js';

const cell = (budgets: Sharing, accuracy: number): ModelCell => ({
  criterion: 'group',
  refit: 'weights',
  budgets,
  of: 'multiplyAdds',
  share: 0.5,
  kept: [3],
  multiplyAdds: 490,
  parameters: 60,
  accuracy,
  agreement: 0.8,
  divergence: 0.1,
  seconds: 2,
});

function pageOf(cells: readonly ModelCell[], curves: 'group' | 'own'): string {
  const { document } = parseHTML('<html></html>');
  const summary: CompareModelSummary = {
    adapter: { name: 'an adapter' } as CompareModelSummary['adapter'],
    dense: { multiplyAdds: 1000, parameters: 120, accuracy: 0.9 },
    units: [{ unit: 'conv1', channels: 6 }],
    cells,
    calibration: 20,
    pictures: 40,
  };
  const config = parseCompareModelConfig({ curves });
  const more = { architecture: 'a <net>', versions: {}, command: 'espalier compare a & b' };
  return modelComparisonPage({ config, summary, ...more, document }).html;
}

test('says by whose curves budgets were shared where they were measured, and only there', () => {
  const both = [cell('measured', 0.85), cell('uniform', 0.8)];
  expect(pageOf(both, 'group')).toContain('all criteria by the curves of group');
  expect(pageOf(both, 'own')).toContain('each criterion and refit by its own curves');
  expect(pageOf([cell('uniform', 0.8)], 'group')).not.toContain('curves of group');
});

test('is one page with a figure in two widths for each sharing, and names escaped', () => {
  const html = pageOf([cell('measured', 0.85), cell('uniform', 0.8)], 'group');
  expect(html).toContain('Ways to prune a &lt;net&gt;');
  expect(html).toContain('<pre>espalier compare a &amp; b</pre>');
  expect(html.match(/<div class="wide"><svg/g)).toHaveLength(3);
  expect(html.match(/<div class="narrow"><svg/g)).toHaveLength(3);
  expect(html).toContain('keeps 85.0 % right answers');
});
