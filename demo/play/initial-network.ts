import { drawParameters, type TwoLayerParameters, taskOutputs } from '../../src/index.js';
import type { Page } from '../state/page.js';

/** Only a link can ask for a wider network. It is not drawn before it runs. */
const MOST_UNTRAINED = 2048;

/** The network that the settings ask for, before any training. */
export function plannedNetwork({ settings, source }: Page): TwoLayerParameters | undefined {
  return source.value && untrained(settings.value, source.value.train);
}

/** The network that the run began with, also where it went on from a later checkpoint. */
export function initialNetwork({ session }: Page): TwoLayerParameters | undefined {
  const first = session.checkpoints.value[0];
  if (first?.iteration === 0) return first.dense.network;
  const play = session.play.value;
  return play && untrained(play.config, play.source.train);
}

type Drawn = Pick<Page['settings']['value'], 'width' | 'activation' | 'task' | 'seed'>;

function untrained(
  { width, activation, task, seed }: Drawn,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): TwoLayerParameters | undefined {
  if (width > MOST_UNTRAINED) return undefined;
  const inputs = rows * columns + 1;
  return drawParameters({ width, inputs, outputs: taskOutputs(task), activation }, seed);
}
