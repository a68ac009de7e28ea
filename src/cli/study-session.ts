import type { ImageSource } from '../data/images.js';
import { EspalierError } from '../errors.js';
import { networkShape } from '../experiment/examples.js';
import type { Host } from '../hosts/host.js';
import type { Trial } from '../study/grid.js';
import { openTrials, trialInput } from '../study/study.js';
import type { StudyConfig } from '../study/study-config.js';
import type { TrialEvent } from '../study/trial.js';
import { type HostFlags, withHost } from './host.js';
import type { jobs } from './jobs.js';
import type { StudyFolder } from './study-folder.js';

/** A session ends when its device is lost so often in a row, with no cell or state in between. */
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

/** What a session does, whatever its trials are. */
export interface Trials {
  /** Whether there is work left. */
  readonly left: () => boolean;
  /** Does all that is left on one device; calls `moved` with each cell or state that is on the disk. */
  readonly work: (host: Host<typeof jobs>, moved: () => void) => Promise<void>;
  readonly onLoss: (message: string) => void;
}

/**
 * Does trials until none is left, on one device. When the device is lost a new one is opened.
 *
 * @throws device-lost when it happens three times in a row with nothing done in between; what else a
 *   trial throws.
 */
export async function doTrials(flags: HostFlags, { left, work, onLoss }: Trials): Promise<void> {
  let losses = 0;
  const moved = () => {
    losses = 0;
  };
  while (left()) {
    try {
      await withHost(flags, (host) => work(host, moved));
    } catch (error) {
      const lost = error instanceof EspalierError && error.code === 'device-lost';
      if (!lost || ++losses === MOST_LOSSES) throw error;
      onLoss(error.message);
    }
  }
}

/** Does the trials of two-layer networks that the folder lacks, in this process's order. */
export function runSession(session: Session): Promise<void> {
  const { config, folder } = session;
  const open = () => openTrials(config, folder.cells);
  return doTrials(config, {
    left: () => open().length > 0,
    onLoss: session.onLoss,
    work: async (host, moved) => {
      const onEvent = (event: TrialEvent) => {
        if (event.type !== 'progress') moved();
        session.onEvent(event);
      };
      await session.onHost(host);
      for (const trial of open()) await doTrial({ ...session, onEvent }, host, trial);
    },
  });
}

/** One trial, from its last state to its last cell. */
async function doTrial(
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
