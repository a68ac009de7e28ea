import { EspalierError, throwIfAborted } from '../../../errors.js';
import type { Device } from '../../../gpu/device.js';
import type { ChannelRanking } from '../../../prune/channels/criteria.js';
import { raceCandidates } from '../../../prune/channels/race.js';
import { distinctDraws, randomStream } from '../../../random.js';
import { type NetworkTrials, prepareTrials, type TrialProblem } from './network-trials.js';

/** Random unpicked channels that each pick is made among, as published. */
const CANDIDATES = 50;
/** Images that are worth a way through the network of their own. */
const LEAST_IMAGES = { software: 32, hardware: 512 } as const;

export interface NetworkLossProblem extends TrialProblem {
  readonly seed: number;
}

export interface NetworkLossCourse {
  readonly picks?: number;
  readonly isEnough?: ((made: ChannelRanking) => Promise<boolean>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Greedy forward selection as published (Ye et al., *Good Subnetworks Provably Exist*, ICML 2020):
 * each pick is the one among 50 random unpicked channels with which the whole network's cross-entropy
 * on a minibatch is smallest; of equals the first drawn. Each of the n channels kept is scaled by C/n.
 *
 * What lies before the consumers is computed once. Behind it candidates go through the network side
 * by side, each by the images that the picks before it have the largest loss for first: it drops out once
 * its loss on those alone exceeds another's on all.
 *
 * @param picks how many channels, at most C: the first of the ranking.
 * @param isEnough asked behind each pick: the first time that it says so ends the ranking.
 * @throws bad-network where what a consumer reads hangs on another consumer of the same unit;
 *   bad-data where no loss is finite; limit-exceeded; aborted between passes.
 */
export async function rankByNetworkLoss(
  device: Device,
  problem: NetworkLossProblem,
  { picks = problem.unit.channels, isEnough, signal }: NetworkLossCourse = {},
): Promise<ChannelRanking> {
  const { unit, seed } = problem;
  const { channels } = unit;
  using trials = await prepareTrials(device, problem);
  const picked: number[] = [];
  let hardest = Array.from({ length: trials.images }, (_, image) => image);
  while (picked.length < picks) {
    const open = Array.from({ length: channels }, (_, channel) => channel).filter(
      (channel) => !picked.includes(channel),
    );
    const stream = randomStream(seed, `network-loss ${unit.name} ${picked.length}`);
    const drawn = distinctDraws(stream, open.length)(Math.min(CANDIDATES, open.length));
    const candidates = Array.from(drawn, (at) => open[at] as number);
    const { pick, losses } = await pickChannel(device, trials, {
      picked,
      candidates,
      hardest,
      signal,
    });
    if (pick === undefined) {
      throw new EspalierError(
        'bad-data',
        `No loss with a channel of ${unit.name} is finite: the network diverged, or its images are not preprocessed as it expects.`,
      );
    }
    picked.push(pick);
    if (await isEnough?.(rankingOfPicks(picked, channels))) break;
    hardest = byFallingLoss(losses);
  }
  return rankingOfPicks(picked, channels);
}

function rankingOfPicks(picked: readonly number[], channels: number): ChannelRanking {
  return {
    order: Uint32Array.from(picked),
    factors: (count) => new Float64Array(count).fill(channels / count),
  };
}

export interface PickRequest {
  readonly picked: readonly number[];
  /** Channels to pick from; of equals the first wins. */
  readonly candidates: readonly number[];
  /** The images of the minibatch, those with the largest loss so far first. */
  readonly hardest: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * The channel with which the loss on the minibatch is smallest, and each image's loss with it; none
 * where no loss is finite.
 *
 * @throws aborted between passes.
 */
export async function pickChannel(
  device: Device,
  trials: NetworkTrials,
  { picked, candidates, hardest, signal }: PickRequest,
): Promise<{ readonly pick: number | undefined; readonly losses: Float64Array }> {
  const { winner, costs } = await raceCandidates({
    candidates: candidates.length,
    parts: hardest,
    least: LEAST_IMAGES[device.adapter.kind],
    measure: async (asked) => {
      throwIfAborted(signal);
      return trials.losses(
        picked,
        asked.map(({ candidate, part: image }) => {
          return { channel: candidates[candidate] as number, image };
        }),
      );
    },
  });
  return { pick: candidates[winner], losses: costs };
}

/** The images in the order in which they tell most. */
export function byFallingLoss(losses: ArrayLike<number>): number[] {
  const images = Array.from(losses, (_, image) => image);
  return images.sort((one, other) => (losses[other] as number) - (losses[one] as number));
}
