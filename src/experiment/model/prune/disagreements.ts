import { type AnyPictures, firstPictures, type Preprocessing } from '../../../data/pictures.js';
import { heldPictures } from '../../../data/read-ahead.js';
import type { Device } from '../../../gpu/device.js';
import type { Network } from '../../../graph/weights.js';
import { evaluatePictures } from '../../../train/evaluation.js';
import { finalResult } from '../../relay.js';
import { largest } from './answers.js';

/** Two networks, and pictures on which they may disagree. */
export interface DisagreementInput {
  readonly dense: Network;
  readonly pruned: Network;
  readonly pictures: AnyPictures;
  readonly preprocessing: Preprocessing;
}

/** One picture of which two networks say different things. */
export interface Disagreement {
  /** Index of the picture. */
  readonly picture: number;
  /** Index of each network's largest answer. */
  readonly dense: number;
  readonly pruned: number;
}

/** Where two networks disagree, and among how many pictures that was looked for. */
export interface Disagreements {
  readonly pictures: number;
  readonly found: readonly Disagreement[];
}

/** Pictures that are looked at: enough to find some, in little of a pruning's time. */
const LOOKED_AT = 500;

/**
 * The pictures, among the first 500, on which the pruned network's largest answer is not the dense
 * one's.
 *
 * @throws bad-data, limit-exceeded, aborted as `evaluatePictures` does.
 */
export async function findDisagreements(
  device: Device,
  { dense, pruned, pictures, preprocessing }: DisagreementInput,
  signal?: AbortSignal,
): Promise<Disagreements> {
  const count = Math.min(LOOKED_AT, pictures.count);
  const first = await heldPictures(firstPictures(pictures, count));
  const choicesOf = async (network: Network) => {
    const options = { preprocessing, answers: true, signal };
    const { answers } = await finalResult(evaluatePictures(device, network, first, options));
    const all = answers as Float32Array;
    const classes = all.length / count;
    return Array.from({ length: count }, (_, at) =>
      largest(all.subarray(at * classes, (at + 1) * classes)),
    );
  };
  const [one, other] = [await choicesOf(dense), await choicesOf(pruned)];
  const found = one.flatMap((choice, picture) => {
    const second = other[picture] as number;
    return choice === second ? [] : [{ picture, dense: choice, pruned: second }];
  });
  return { pictures: count, found };
}
