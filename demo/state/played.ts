import {
  answerTimes,
  type Device,
  measureSizes,
  type RunCheckpoint,
  type RunEvent,
  type RunInput,
  type RunSummary,
  run,
  type Size,
  type Sizes,
  type TrainedSize,
  trainSizes,
} from '../../src/index.js';

/** What Play finds out beside a run. A run's own folder has no place for it. */
export type Beside =
  | { readonly type: 'sizes'; readonly iteration: number; readonly sizes: Sizes }
  | { readonly type: 'answer-times'; readonly times: readonly AnswerTime[] }
  | TrainedSize;

/** Milliseconds for the answers to all test digits on this device. */
export interface AnswerTime {
  readonly width: number;
  readonly milliseconds: number;
}

/** What is known beside a run, with one event more. A run that goes on finds out some of it again. */
export function withBeside(known: readonly Beside[], event: Beside): readonly Beside[] {
  return [...known.filter((earlier) => !sameBeside(earlier, event)), event];
}

function sameBeside(a: Beside, b: Beside): boolean {
  if (a.type === 'sizes') return b.type === 'sizes' && a.iteration === b.iteration;
  if (a.type === 'answer-times') return b.type === 'answer-times';
  return b.type === 'trained-size' && a.way === b.way && a.network.width === b.network.width;
}

/** Sizes to fine-tune, and to train from scratch, as shares of the largest. That the run trains. */
const SHARES = {
  fineTuned: [1 / 16, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4, 7 / 8],
  fromScratch: [1 / 16, 1 / 8, 1 / 4, 1 / 2],
} as const;

/**
 * A run; at each of its checkpoints all sizes of the selection; and behind it what those of the last
 * are compared with. A network is trained only there: the sizes take no training.
 */
export async function* played(
  device: Device,
  input: RunInput,
  signal: AbortSignal,
): AsyncGenerator<RunEvent | Beside, RunSummary> {
  const events = run(device, input, signal);
  let dense: RunCheckpoint | undefined;
  let last: Extract<Beside, { type: 'sizes' }> | undefined;
  try {
    for (;;) {
      const next = await events.next();
      if (next.done) {
        if (dense && last) yield* compared(device, input, { dense, last }, signal);
        return next.value;
      }
      const event = next.value;
      yield event;
      if (event.type === 'checkpoint') dense = event;
      if (event.type !== 'subnetwork' || !event.selection || !dense) continue;
      const { iteration, selection } = event;
      const from = { ...input, network: dense.network, selection };
      last = { type: 'sizes', iteration, sizes: await measureSizes(device, from, signal) };
      yield last;
    }
  } finally {
    await events.return(undefined as never);
  }
}

interface Last {
  readonly dense: RunCheckpoint;
  readonly last: Extract<Beside, { type: 'sizes' }>;
}

async function* compared(
  device: Device,
  input: RunInput,
  { dense, last }: Last,
  signal: AbortSignal,
): AsyncGenerator<RunEvent | Beside, void> {
  const sizes = last.sizes.refitted ?? last.sizes.picked;
  const subnetworks = sizesAtShares(sizes, SHARES.fineTuned).map(({ network }) => network);
  const timed = [dense.network, ...subnetworks, ...sizes.slice(-1).map(({ network }) => network)];
  const times = await answerTimes(device, input, timed, signal);
  yield {
    type: 'answer-times',
    times: times.map((milliseconds, place) => ({
      width: timed[place]?.width ?? 0,
      milliseconds,
    })),
  };
  const widths = sizesAtShares(sizes, SHARES.fromScratch).map(({ network }) => network.width);
  const { iteration } = last;
  yield* trainSizes(device, { ...input, iteration, subnetworks, widths }, signal);
}

/** The sizes at these shares of the largest, without the largest. */
function sizesAtShares(sizes: readonly Size[], shares: readonly number[]): readonly Size[] {
  const most = sizes.length;
  const places = shares.map((share) => Math.max(1, Math.round(share * most)) - 1);
  return [...new Set(places)].filter((at) => at < most - 1).flatMap((at) => sizes[at] ?? []);
}
