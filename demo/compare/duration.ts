import type { AdapterDescription } from '../../src/index.js';
import type { Subject } from './subject.js';

/** Multiply-adds a second, and the seconds that a step takes however small it is. */
const SPEEDS: Readonly<Record<AdapterDescription['kind'], { rate: number; step: number }>> = {
  software: { rate: 2e9, step: 6e-4 },
  hardware: { rate: 2e11, step: 2e-4 },
};

/** A row's pixels and its constant. */
const INPUTS = 785;

/** About how many seconds a comparison takes: its steps of training, as the networks are wide. */
export function roughSeconds(
  {
    config,
    contenders,
    sizes,
    network,
  }: Pick<Subject, 'config' | 'contenders' | 'sizes' | 'network'>,
  kind: AdapterDescription['kind'],
): number {
  const { rate, step } = SPEEDS[kind];
  const { width, iterations, fineTune, refit, examples } = config;
  const batch = config.batch === 'full' ? examples : config.batch;
  const training = (steps: number, neurons: number) =>
    steps * (step + (3 * batch * neurons * INPUTS) / rate);
  const measuring = (neurons: number) => 20 * step + (2 * examples * neurons * INPUTS) / rate;
  const each = sizes.map((size) => {
    const ways = refit === 'none' ? 1 : 2;
    return ways * (training(fineTune, size) + measuring(size));
  });
  const pruning = contenders.length * (sum(each) + 2 * measuring(width));
  const small = contenders.includes('scratch')
    ? sum(sizes.map((size) => training(iterations, size)))
    : 0;
  const whole = network ? 0 : training(iterations, width);
  return whole + training(fineTune, width) + pruning + small;
}

/** `about 20 s`, `about 3 min` */
export function roughly(seconds: number): string {
  if (seconds < 1.5) return 'about a second';
  if (seconds < 10) return `about ${Math.round(seconds)} s`;
  return seconds < 90
    ? `about ${5 * Math.round(seconds / 5)} s`
    : `about ${Math.round(seconds / 60)} min`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
