import { drawParameters, type TwoLayerParameters, taskOutputs } from '../../src/index.js';
import type { Page } from '../state/page.js';

/**
 * The widest network that is drawn without having been trained. The controls offer no wider one;
 * only a link can.
 */
const MOST_UNTRAINED = 2048;

/** The network that the settings ask for, before any training. */
export function plannedNetwork({ settings, source }: Page): TwoLayerParameters | undefined {
  return source.value && untrained(settings.value, source.value.train);
}

/**
 * The untrained network of the run on the screen. It is drawn from the seed again where the run
 * went on from a brought one.
 */
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
