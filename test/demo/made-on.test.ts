import { expect, test } from 'vitest';
import { madeOn } from '../../demo/compare/made-on.js';

test('results say where they were made when they are of an earlier visit or another adapter', () => {
  const made = (adapters: readonly string[], earlier: boolean, here?: string) =>
    madeOn(adapters, { earlier, here });
  expect(made(['A'], false, 'A')).toBe('');
  expect(made(['A'], false)).toBe('');
  expect(made(['A'], true, 'A')).toMatch(/as you left it: .* Computed on A\.$/);
  expect(made(['A'], true)).toMatch(/Computed on A\.$/);
  expect(made(['A'], true, 'B')).toMatch(/as you left it: .* Computed on A; here it would be B, /);
  expect(made(['A', 'B'], false, 'B')).toMatch(/^ Computed on A and B; here it would be B, /);
});
