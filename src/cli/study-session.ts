import type { ImageSource } from '../data/images.js';
import { EspalierError } from '../errors.js';
import { networkShape } from '../experiment/examples.js';
import type { Host } from '../hosts/host.js';
import type { Trial } from '../study/grid.js';
import { openTrials, trialInput } from '../study/study.js';
import type { StudyConfig } from '../study/study-config.js';
import type { TrialEvent } from '../study/trial.js';
import { withHost } from './host.js';
import type { jobs } from './jobs.js';
import type { StudyFolder } from './study-folder.js';

/** A study ends when its device is lost so often in a row, with no cell or state in between. */
const MOST_LOSSES = 3;

export interface Session {
  readonly config: StudyConfig;
  readonly source: ImageSource;
  readonly folder: StudyFolder;
  readonly signal: AbortSignal;
  /** Sees every event after it is on the disk. */
  readonly onEvent: (event: TrialEvent) => void;
  readonly onHost: (host: Host<typeof jobs>) => Promise<void>;
  readonly onLoss: (message: string) => void;
}

/**
 * Does the trials that the folder lacks, in this process's order, on one device. When the device
 * is lost a new one is opened and the trial goes on from its last state.
 *
 * @throws device-lost when it happens three times in a row; what else a trial throws.
 */
export async function runSession(session: Session): Promise<void> {
  let losses = 0;
  const counted: Session = {
    ...session,
    onEvent: (event) => {
      if (event.type !== 'progress') losses = 0;
      session.onEvent(event);
    },
  };
  while (openTrials(session.config, session.folder.cells).length > 0) {
    try {
      await withHost(session.config, (host) => onHost(counted, host));
    } catch (error) {
      const lost = error instanceof EspalierError && error.code === 'device-lost';
      if (!lost || ++losses === MOST_LOSSES) throw error;
      session.onLoss(error.message);
    }
  }
}

async function onHost(session: Session, host: Host<typeof jobs>): Promise<void> {
  const { config, folder } = session;
  await session.onHost(host);
  for (const trial of openTrials(config, folder.cells)) await doTrial(session, host, trial);
}

/** One trial, from its last state to its last cell. */
export async function doTrial(
  { config, source, folder, signal, onEvent }: Session,
  host: Host<typeof jobs>,
  trial: Trial,
): Promise<void> {
  const input = trialInput(config, source, trial, folder.cells);
  const state = await folder.readState(trial, networkShape({ ...config, ...trial }, source));
  await host.execute(
    'trial',
    { input, ...(state && { state }) },
    {
      signal,
      onEvent: async (event) => {
        if (event.type === 'state') await folder.saveState(event.trial, event.state);
        if (event.type === 'cell') await folder.append(event.cell);
        onEvent(event);
      },
    },
  );
  await folder.removeState(trial);
}
