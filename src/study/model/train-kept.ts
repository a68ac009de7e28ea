import type { AnyPictures } from '../../data/pictures.js';
import type { Device } from '../../gpu/device.js';
import type { Network, Weights } from '../../graph/weights.js';
import {
  type NetworkTrainingOptions,
  type NetworkTrainingState,
  trainNetwork,
} from '../../train/network-training.js';

/** Where a training stood, and which it was. */
export interface KeptTraining {
  readonly name: string;
  readonly state: NetworkTrainingState;
}

/** What a training yields: how far it is, what it can go on from, and each network that is asked for. */
export type KeptTrainingEvent =
  | { readonly type: 'progress'; readonly share: number }
  | { readonly type: 'state'; readonly training: KeptTraining }
  | { readonly type: 'network'; readonly name: string; readonly network: Network };

export interface TrainingRequest {
  readonly name: string;
  readonly network: Network;
  readonly pictures: AnyPictures;
  readonly options: NetworkTrainingOptions & { readonly steps: number };
  /** The networks that are asked for, by the steps that they have had. */
  readonly stops: ReadonlyMap<number, string>;
  /** What is known of any training of the trial. */
  readonly from: KeptTraining | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A kill loses the work of so many seconds at most, and of an epoch. */
const STATE_EVERY_SECONDS = 30;

/**
 * Trains a network and yields it after some of its steps, and now and then what it can go on from with
 * the same bits. It goes on from what is known where that is of this training.
 *
 * @throws as `trainNetwork` does.
 */
export async function* trainKept(
  device: Device,
  { name, network, pictures, options, stops, from: known, signal }: TrainingRequest,
): AsyncGenerator<KeptTrainingEvent, void> {
  const from = known?.name === name ? known.state : undefined;
  const networkWith = (weights: Weights): Network => ({ graph: network.graph, weights });
  const first = stops.get(0);
  if (first !== undefined && !from) yield { type: 'network', name: first, network };
  const course = { ...options, from, stops: [...stops.keys()], signal };
  let saved = performance.now();
  for await (const event of trainNetwork(device, network, pictures, course)) {
    if (event.type === 'progress') {
      yield { type: 'progress', share: event.step / options.steps };
      continue;
    }
    const { state } = event;
    const stop = stops.get(state.step);
    if (stop !== undefined)
      yield { type: 'network', name: stop, network: networkWith(state.weights) };
    // Where it is aborted, this is its last word.
    const due = stop !== undefined || signal?.aborted === true;
    if (due || performance.now() - saved > 1000 * STATE_EVERY_SECONDS) {
      saved = performance.now();
      yield { type: 'state', training: { name, state } };
    }
  }
}
