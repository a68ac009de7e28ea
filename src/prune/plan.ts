import type { Device } from '../gpu/device.js';
import { largestBinding, tooLarge } from '../gpu/limits.js';
import type { StorageFormat } from '../half.js';
import { chunkSlices } from '../kernels/example-slices.js';
import type { Activations } from './activations.js';
import { conflictIn, type OracleName, requireTogether } from './choices.js';
import { requireCount } from './greedy-options.js';
import type { SelectionProblem } from './problem.js';

/** How a selection will be done, and why. */
export interface Plan {
  readonly oracle: OracleName;
  /** p: Gram rows of one pass. */
  readonly block: number;
  /** Whether estimates of the Gram matrix foresee which rows the next picks will ask for. */
  readonly lookahead: boolean;
  /** Gram rows kept. */
  readonly capacity: number;
  /** Of the activations that the picks are chosen by. */
  readonly storage: StorageFormat;
  readonly reason: string;
}

/** What a selection is asked for, as far as its plan depends on it. */
export interface PlanRequest {
  /** k. */
  readonly picks: number;
  /** Examples of a step, when each step looks at a random batch of them. */
  readonly selectionBatch?: number | undefined;
  /** What the caller has decided. */
  readonly oracle?: OracleName | undefined;
  readonly block?: number | undefined;
  /** Whether the rule's picks can be foreseen, and all neurons are candidates. */
  readonly foreseeable?: boolean | undefined;
}

/**
 * Rates of an adapter by class: activations streamed and operations of the Gram kernels, a second,
 * and the seconds that a dispatch takes which finds nothing to do.
 * They are fixed, not measured at run time, so that a plan (and the last bit of every sum) never
 * depends on how busy the machine is.
 *
 * Software: measured on SwiftShader with two cores. A pass takes the sum of its loads and its
 * arithmetic. In float16 the conversion costs what the smaller load saves.
 *
 * Hardware: a data-centre GPU's order of magnitude, 1.5 TB/s. A pass takes the longer of the two.
 * A dispatch is as measured on an H200, where the next one waits for it, and on SwiftShader in Chrome.
 */
const RATES = {
  software: {
    activations: { f32: 1e9, f16: 1e9 },
    operations: 1e10,
    dispatch: 2.5e-5,
    together: (a: number, b: number) => a + b,
  },
  hardware: {
    activations: { f32: 3.75e11, f16: 7.5e11 },
    operations: 1.5e13,
    dispatch: 2.5e-6,
    together: Math.max,
  },
} as const;

/** Dispatches by which a pick with rows on demand looks for them, also where its own is cached. */
const rowsDispatches = (chunks: number, lookahead: boolean) => 2 * chunks + (lookahead ? 2 : 1);

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
 * Chooses oracle and block by bytes, operations and dispatches. Rows on demand take about d / √p passes for d
 * distinct picks (d / p^0.65 with a lookahead), each of 4mN bytes (2mN in float16) and 2mNp operations;
 * the Gram matrix takes one pass of mN² operations (half, as it is symmetric) and 4N² bytes.
 *
 * Streamed activations are computed anew in each pass, so that one pass is the least.
 *
 * @throws bad-config for a wish that cannot be granted; limit-exceeded when the Gram matrix is
 *   asked for and larger than a binding.
 */
export function planSelection(
  device: Device,
  { activations, loss }: SelectionProblem,
  request: PlanRequest,
): Plan {
  const { oracle, block, selectionBatch } = request;
  requireCount('block', block);
  requireTogether({ oracle, block, selectionBatch, loss, width: activations.columns });
  const { rows: m, columns: n, resident, storage } = activations;
  const plan = { block: 1, lookahead: false, storage };
  const noGram = conflictIn({ oracle: 'gram', selectionBatch, loss })?.because;
  if (noGram || oracle === 'direct') {
    return { ...plan, oracle: 'direct', capacity: 1, reason: noGram ?? 'asked for' };
  }

  const fitting = Math.floor(largestBinding(device) / (n * 4));
  const rows = cheapestRows(device, activations, request, fitting);
  const gram = passSeconds(device, activations, n / 2);
  const asked = oracle ?? (block && 'rows');
  if (asked === 'gram' && n > fitting) {
    throw tooLarge(device, {
      what: 'the rows of the Gram matrix',
      key: 'width',
      given: n,
      fits: Math.floor(Math.sqrt(largestBinding(device) / 4)),
      instead: { oracle: 'rows' },
    });
  }
  // Streamed activations take no memory that the matrix could be measured by.
  const affordable = n <= fitting && (!resident || n <= m * GRAM_SHARE);
  if (asked === 'gram' || (!asked && affordable && (!resident || gram < rows.seconds))) {
    const reason = asked ? 'asked for' : resident ? expectation(gram, rows.seconds) : 'streamed';
    return { ...plan, oracle: 'gram', capacity: n, reason };
  }
  const reason = asked
    ? 'asked for'
    : affordable
      ? expectation(rows.seconds, gram)
      : n > fitting
        ? 'the Gram matrix is larger than a binding'
        : 'the Gram matrix would take more memory than half the activations in f32';
  const { block: p, lookahead } = rows;
  const capacity = Math.min(n, fitting, Math.max(p, Math.floor(m * CACHE_SHARE)));
  return { ...plan, oracle: 'rows', block: p, lookahead, capacity, reason };
}

/** Expected seconds of a pass over the activations that computes p Gram rows. */
function passSeconds(device: Device, activations: Activations, p: number): number {
  const { rows: m, columns: n, storage } = activations;
  const rates = RATES[device.adapter.kind];
  return rates.together((m * n) / rates.activations[storage], (2 * m * n * p) / rates.operations);
}

/**
 * The number of rows a pass, 1, 2, 4 … 32 or the one asked for, that is expected to take least.
 *
 * @param fitting rows of the Gram matrix that a binding holds.
 */
function cheapestRows(
  device: Device,
  activations: Activations,
  { picks, block, foreseeable = false }: PlanRequest,
  fitting: number,
): { readonly block: number; readonly lookahead: boolean; readonly seconds: number } {
  const { rows: m, columns: n, resident, chunks } = activations;
  // Every chunk leaves slices of p rows behind, which have to fit a binding together.
  const slices = chunkSlices(device, chunks, n);
  const most = Math.max(1, Math.min(n, Math.floor(fitting / slices)));
  if (block !== undefined && block > most) {
    const what = 'the Gram rows of one pass';
    throw tooLarge(device, { what, key: 'block', given: block, fits: most });
  }
  const distinct = Math.max(1, DISTINCT_SHARE * Math.min(picks, n));
  const sketched = resident && foreseeable && n <= m * SKETCH_SHARE && n + 1 <= fitting;
  const rates = RATES[device.adapter.kind];
  const sketch = (SKETCH_ROWS * n * n) / rates.operations;
  const [first, ...others] = (block ? [block] : BLOCKS.filter((p) => p <= most)).map((p) => {
    const lookahead = sketched && p > 1;
    const kind = lookahead ? 'foreseen' : 'alone';
    const passes = Math.max(1, distinct / p ** EXPONENT[kind]);
    const idle = picks * rowsDispatches(chunks.length, lookahead) * rates.dispatch;
    const seconds = passes * passSeconds(device, activations, p) + idle + (lookahead ? sketch : 0);
    return { block: p, lookahead, seconds };
  });
  if (!first) throw new RangeError('A pass brings at least one row.');
  return others.reduce((best, other) => (other.seconds < best.seconds ? other : best), first);
}

function expectation(chosen: number, other: number): string {
  return `${timeText(chosen)} expected, against ${timeText(other)} the other way`;
}

/** Estimates are worth two digits, and nothing below a tenth of a millisecond. */
function timeText(seconds: number): string {
  if (seconds < 1e-4) return 'under 0.1 ms';
  if (seconds < 1) return `about ${Number((1000 * seconds).toPrecision(2))} ms`;
  return `about ${Number(seconds.toPrecision(2))} s`;
}
