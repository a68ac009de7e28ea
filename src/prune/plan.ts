import { EspalierError } from '../errors.js';
import type { Device } from '../gpu/device.js';
import { largestBinding } from '../gpu/limits.js';
import { gramSlices } from '../kernels/gram-rows.js';
import type { SelectionProblem } from './problem.js';

export const ORACLES = ['rows', 'gram', 'direct'] as const;
export type OracleName = (typeof ORACLES)[number];

/** How a selection will be done, and why. */
export interface Plan {
  readonly oracle: OracleName;
  /** p: Gram rows of one pass. */
  readonly block: number;
  /** Whether estimates of the Gram matrix foresee which rows the next picks will ask for. */
  readonly lookahead: boolean;
  /** Gram rows kept. */
  readonly capacity: number;
  readonly reason: string;
}

export interface PlanRequest {
  /** k. */
  readonly picks: number;
  /** Examples of a step, when each step looks at a random batch of them. */
  readonly batch?: number | undefined;
  /** What the caller has decided. */
  readonly oracle?: OracleName | undefined;
  readonly block?: number | undefined;
  /** Whether the rule's picks can be foreseen, and all neurons are candidates. */
  readonly foreseeable?: boolean | undefined;
}

/**
 * Rates of an adapter by class: activations streamed and operations of the Gram kernels,
 * a second. Fixed and not measured at run time, so that a plan (and the last bit of every sum)
 * never depends on how busy the machine is. Software: measured on SwiftShader with two cores, where
 * a pass takes its loads *and* its arithmetic, and in float16 the conversion what the load saves;
 * hardware: a data-centre GPU's order of magnitude, 1.5 TB/s, where the larger of the two hides the
 * other.
 */
const RATES = {
  software: {
    activations: { f32: 1e9, f16: 1e9 },
    operations: 1e10,
    together: (a: number, b: number) => a + b,
  },
  hardware: {
    activations: { f32: 3.75e11, f16: 7.5e11 },
    operations: 1.5e13,
    together: Math.max,
  },
} as const;

const BLOCKS = [1, 2, 4, 8, 16, 32] as const;

/**
 * Share of the memory of float32 activations that cached Gram rows may take; the oldest give way.
 * They only have to where m < 4k, that is with so few examples that a pass costs little, and giving
 * up the least recently used instead changed the passes there by 4 % in the median (MNIST, N = 1024,
 * k = 200, m from 60 to 500, p from 1 to 16: 5 % more to 35 % fewer). Of float16 activations it is
 * twice that share: with cached rows and estimates they then take what the others take alone, where
 * half of both would cost the lookahead and with it more passes than their half saves.
 */
const CACHE_SHARE = 1 / 4;

/** Unless it is asked for, the Gram matrix takes no more than this share of float32 activations. */
const GRAM_SHARE = 1 / 2;

/**
 * Picks that are distinct, as seen on MNIST networks: 0.55 of 200 after 100 steps and 0.8 after 500
 * (N = 1024, m = 4096), 0.85 of 100 in the default run.
 */
const DISTINCT_SHARE = 0.7;

/**
 * Examples from which the Gram matrix is estimated for the lookahead: on the benchmark's network
 * (N = 1024, m = 4096, 110 distinct) 64, 128 and 512 of them made it 28, 26 and 21 passes at p = 8.
 */
export const SKETCH_ROWS = 128;

/** Share of the memory of float32 activations that those estimates may take. */
const SKETCH_SHARE = 1 / 4;

/**
 * Passes for d distinct picks fall as d / p^e. Measured on that network: 110, 50, 39, 29 and 24
 * passes for p = 1, 4, 8, 16 and 32; with the lookahead 39, 26, 18 and 12 from p = 4 on.
 */
const EXPONENT = { alone: 0.5, foreseen: 0.65 } as const;

/**
 * Chooses oracle and block by bytes and operations. Rows on demand take about d / √p passes for d
 * distinct picks (d / p^0.65 with a lookahead), each of 4mN bytes (2mN in float16) and 2mNp operations;
 * the Gram matrix takes one pass of mN² operations (half, as it is symmetric) and 4N² bytes.
 *
 * @throws bad-config for a wish that cannot be granted; limit-exceeded when the Gram matrix is
 *   asked for, or needed, and larger than a binding.
 */
export function planSelection(
  device: Device,
  { activations, loss }: SelectionProblem,
  { picks, batch, oracle, block, foreseeable = false }: PlanRequest,
): Plan {
  const { rows: m, columns: n, storage, resident, chunks } = activations;
  if (block !== undefined && !(Number.isInteger(block) && block >= 1)) {
    throw new EspalierError(
      'bad-config',
      `--block must be a whole number from 1 on, not ${block}.`,
    );
  }
  const refuseBlock = (what: string) => {
    if (block === undefined) return;
    throw new EspalierError(
      'bad-config',
      `--block ${block} goes with --oracle rows: ${what} computes no Gram rows by the block.`,
    );
  };
  if (oracle && oracle !== 'rows') refuseBlock(`--oracle ${oracle}`);
  const direct = loss === 'cross-entropy' ? 'the cross-entropy' : batch && 'a batch of examples';
  if (direct) {
    if (oracle && oracle !== 'direct') {
      throw new EspalierError(
        'bad-config',
        `--oracle ${oracle} cannot judge ${direct}; only direct evaluation can.`,
      );
    }
    refuseBlock(`direct evaluation, which ${direct} needs,`);
    return {
      oracle: 'direct',
      block: 1,
      lookahead: false,
      capacity: 1,
      reason: `${direct} has no Gram matrix`,
    };
  }
  if (oracle === 'direct')
    return { oracle, block: 1, lookahead: false, capacity: 1, reason: 'asked for' };

  const fitting = Math.floor(largestBinding(device) / (n * 4));
  const rates = RATES[device.adapter.kind];
  const reading = (m * n) / rates.activations[storage];
  const pass = (p: number) => rates.together(reading, (2 * m * n * p) / rates.operations);
  const distinct = Math.max(1, DISTINCT_SHARE * Math.min(picks, n));
  // Every chunk leaves slices of p rows behind, which have to fit a binding together.
  const slices = chunks.reduce((sum, { rows }) => sum + gramSlices(device, rows), 0);
  const most = Math.max(1, Math.min(n, Math.floor(fitting / slices)));
  const wanted = block ? [Math.min(block, most)] : BLOCKS.filter((p) => p <= most);
  const sketched = resident && foreseeable && n <= m * SKETCH_SHARE && n + 1 <= fitting;
  const sketch = (SKETCH_ROWS * n * n) / rates.operations;
  const [best = { p: 1, lookahead: false, seconds: 0 }] = wanted
    .map((p) => {
      const lookahead = sketched && p > 1;
      const passes = distinct / p ** (lookahead ? EXPONENT.foreseen : EXPONENT.alone);
      const seconds = Math.max(1, passes) * pass(p) + (lookahead ? sketch : 0);
      return { p, lookahead, seconds };
    })
    .sort((a, b) => a.seconds - b.seconds);
  const whole = rates.together(reading, (m * n * n) / rates.operations);

  const asked = oracle ?? (block && 'rows');
  const streamed = !resident && asked !== 'rows';
  const affordable = n <= m * GRAM_SHARE;
  const cheaper = affordable && whole < best.seconds;
  if (oracle === 'gram' || streamed || (!asked && cheaper)) {
    if (n > fitting) {
      throw new EspalierError(
        'limit-exceeded',
        `The Gram matrix of ${n} neurons is larger than this adapter's bindings, which hold ${fitting} rows of it. Use --oracle rows.`,
      );
    }
    const why = oracle ? 'asked for' : streamed ? 'streamed' : expectation(whole, best.seconds);
    return { oracle: 'gram', block: 1, lookahead: false, capacity: n, reason: why };
  }
  const capacity = Math.min(n, fitting, Math.max(best.p, Math.floor(m * CACHE_SHARE)));
  return {
    oracle: 'rows',
    block: best.p,
    lookahead: best.lookahead,
    capacity,
    reason: asked
      ? 'asked for'
      : affordable
        ? expectation(best.seconds, whole)
        : 'the Gram matrix would take more memory than half the activations in f32',
  };
}

function expectation(chosen: number, other: number): string {
  return `about ${chosen.toPrecision(2)} s expected, against ${other.toPrecision(2)} s the other way`;
}
