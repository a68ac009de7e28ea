import { expect, test } from 'vitest';
import { summaryTable } from '../../src/cli/summary-table.js';
import type { Figures, RunSummary } from '../../src/experiment/run-events.js';

const FIGURES: Figures = {
  ...{ width: 9, parameters: 90, flopsPerExample: 180, seconds: 1 },
  ...{ trainingLoss: 0.1, trainingAccuracy: 0.9, testLoss: 0.1, testAccuracy: 0.9 },
};
const SUMMARY: RunSummary = {
  adapter: {
    ...{ name: 'an adapter', vendor: '', architecture: '', device: '', driver: '' },
    ...{ kind: 'software', subgroupSize: undefined },
  },
  iterations: 10,
  dense: FIGURES,
  subnetwork: {
    ...{ ...FIGURES, testAccuracy: 0.95 },
    ...{ method: 'greedy', picks: 9, passes: 9, stopped: 'count' },
  },
  fineTuned: undefined,
  theory: { missing: 'it was refitted' },
  memory: { peak: 1, data: 1, network: 1, activations: 1 },
  seconds: 1,
};

test('a network that was refitted is not held against one that was not without a word', () => {
  expect(summaryTable(SUMMARY, 'none')).not.toContain('refitted,');
  for (const refit of ['scale', 'weights'] as const) {
    expect(summaryTable(SUMMARY, refit)).toMatch(
      /5\.00 points more .*Small networks were refitted, .*; the dense network was not\./,
    );
  }
});
