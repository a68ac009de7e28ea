import {
  type Device,
  decodeState,
  encodeState,
  type ImageSource,
  listTrials,
  networkShape,
  type StudyConfig,
  type StudyInput,
  study,
  type TrainedState,
  type TrialEvent,
  trialName,
} from '../../src/index.js';
import type { Store } from './store.js';

/** Runs a study. Each cell and state is stored before its event is yielded. */
export async function* recorded(
  device: Device,
  input: StudyInput,
  store: Store,
  signal: AbortSignal,
): AsyncGenerator<TrialEvent, void> {
  for await (const event of study(device, input, signal)) {
    if (event.type === 'cell') {
      await store.append(event.cell);
      if (event.cell.iteration === input.config.iterations) await store.removeState();
    }
    if (event.type === 'state') {
      await store.saveState({ trial: trialName(event.trial), bytes: encodeState(event.state) });
    }
    yield event;
  }
}

/** The stored state of the unfinished trial, in the form that `study` takes. */
export async function statesIn(
  store: Store,
  config: StudyConfig,
  { train }: ImageSource,
): Promise<ReadonlyMap<string, TrainedState>> {
  const kept = await store.state();
  const trial = listTrials(config).find((each) => trialName(each) === kept?.trial);
  if (!kept || !trial) return new Map();
  const shape = networkShape({ ...config, ...trial }, { train });
  return new Map([[kept.trial, decodeState(kept.bytes, 'The browser’s record', shape)]]);
}
