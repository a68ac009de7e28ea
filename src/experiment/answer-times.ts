import type { Device } from '../gpu/device.js';
import { median } from '../gpu/timing.js';
import { evaluateTwoLayer } from '../models/forward.js';
import { type TwoLayerParameters, uploadTwoLayer } from '../models/two-layer.js';
import { openExperiment } from './experiment.js';
import type { SizesInput } from './sizes.js';

/** The most rounds, and milliseconds after which no other begins. */
const ROUNDS = 5;
const ENOUGH_MILLIS = 500;

/**
 * Milliseconds that each network takes for the answers to all test examples, their way to the device
 * and back included: the median of up to five times, taken in turn, so that what disturbs one disturbs all.
 *
 * @throws what an evaluation throws; aborted between submits when the signal fires.
 */
export async function answerTimes(
  device: Device,
  { config, examples }: Pick<SizesInput, 'config' | 'examples'>,
  networks: readonly TwoLayerParameters[],
  signal?: AbortSignal,
): Promise<readonly number[]> {
  using experiment = await openExperiment(device, config, examples, signal);
  const times = networks.map((): number[] => []);
  let begun = 0;
  // The first round compiles.
  for (let round = 0; round <= ROUNDS; round++) {
    if (round === 1) begun = performance.now();
    if (round > 1 && performance.now() - begun > ENOUGH_MILLIS) break;
    for (const [place, parameters] of networks.entries()) {
      using network = uploadTwoLayer(device, parameters);
      await device.idle();
      const start = performance.now();
      await evaluateTwoLayer(network, experiment.test, config.loss, signal);
      if (round > 0) times[place]?.push(performance.now() - start);
    }
  }
  return times.map((each) => median(each.toSorted((a, b) => a - b)));
}
