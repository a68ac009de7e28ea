import type { Phase } from '../../src/index.js';
import { grouped } from '../../src/text.js';
import type { Mode } from './drive.js';

/** What the page is about, as far as its line of text says it. */
export interface Doing {
  readonly mode: Mode;
  /** Whether there are a device and images. */
  readonly ready: boolean;
  readonly images: boolean;
  /** What is on its way, and the share of it that has come. */
  readonly loading?: { readonly what: string; readonly share?: number } | undefined;
  readonly progress?:
    | { readonly phase: Phase; readonly done: number; readonly total: number }
    | undefined;
  /** Steps of pre-training: done, and wanted. */
  readonly trained: number;
  readonly iterations: number;
  /** The step from which a brought run goes on. */
  readonly begun?: number | undefined;
  /** Whether the settings have changed since the run began. */
  readonly changed: boolean;
}

const DOING: Readonly<Record<Phase, string>> = {
  'pre-train': 'Training the dense network',
  prune: 'Picking neurons',
  'fine-tune': 'Fine-tuning the subnetwork',
  controls: 'Training others for as many steps, to compare',
};

/** What goes on, in a line. */
export function doingText(doing: Doing): string {
  const { mode, ready, images, loading, changed, iterations } = doing;
  if (loading?.share !== undefined) return `${loading.what}: ${Math.round(100 * loading.share)} %`;
  if (loading) return `${loading.what}…`;
  if (!ready) return images ? 'Without a graphics adapter it cannot run.' : 'Getting ready…';
  switch (mode) {
    case 'running':
      return `${runningText(doing)}${changed ? ' (without your change)' : ''}`;
    case 'stopped': {
      const at = `Stopped at step ${grouped(doing.trained)} of ${grouped(iterations)}.`;
      if (changed) return `${at} Go on without your change, or start anew with it.`;
      return doing.trained < iterations ? at : `${at} What it is compared with is still to come.`;
    }
    case 'done':
      return changed
        ? 'Press Play again to see what your change does.'
        : 'Done. Drag the slider, look back with the checkpoints, or change something below.';
    default:
      return doing.begun === undefined
        ? 'Press Play: a network learns to read digits, then all but its best neurons are dropped.'
        : `This run is trained up to step ${grouped(doing.begun)} of ${grouped(iterations)}: ${
            doing.begun < iterations ? 'going on from there.' : 'Go on picks its neurons again.'
          }`;
  }
}

function runningText({ progress }: Doing): string {
  if (!progress) return 'Starting…';
  return `${DOING[progress.phase]}: ${grouped(progress.done)} of ${grouped(progress.total)}`;
}
