import { calmerRate, type ErrorCode, EspalierError } from '../../src/index.js';
import type { Settings } from './settings.js';
import { pageText } from './wording.js';

/** What the page says when something goes wrong, and what it offers to do about it. */
export interface Problem {
  readonly code: ErrorCode | 'unexpected';
  readonly title: string;
  readonly text: string;
  readonly remedy?: { readonly label: string; readonly act: () => void };
}

const TITLES: Readonly<Record<ErrorCode, string>> = {
  'no-webgpu': 'This browser cannot run it: WebGPU is missing',
  'no-adapter': 'WebGPU is there, but no graphics adapter to run on',
  'limit-exceeded': 'Too large for this graphics adapter',
  'out-of-memory': 'The graphics memory is full',
  'device-lost': 'The graphics device was lost',
  shader: 'The graphics driver refused the work',
  diverged: 'The training ran away',
  'bad-data': 'These data cannot be used',
  'bad-config': 'These settings cannot be used',
  'bad-network': 'This network cannot be used',
  aborted: 'Stopped',
};

export function problemFromError(error: unknown, remedy?: Problem['remedy']): Problem {
  const known = error instanceof EspalierError;
  return {
    code: known ? error.code : 'unexpected',
    title: known ? titleOf(error) : 'Something unexpected happened',
    text: pageText(error),
    ...(remedy && { remedy }),
  };
}

function titleOf({ code, details }: EspalierError): string {
  if (code !== 'bad-config') return TITLES[code];
  if (details.kind === 'value') return 'A setting is out of range';
  return details.kind === 'conflict' ? 'Two settings do not go together' : TITLES[code];
}

/** The button to offer with an error: to go on, or to run again with another setting. */
export function remedyFor(
  error: unknown,
  { learningRate, width, examples }: Settings,
  act: { readonly goOn: () => void; readonly again: (patch: Partial<Settings>) => void },
): Problem['remedy'] {
  const again = (label: string, patch: Partial<Settings>) => ({
    label,
    act: () => act.again(patch),
  });
  switch (error instanceof EspalierError ? error.code : undefined) {
    case 'device-lost':
      return { label: 'Go on', act: act.goOn };
    case 'diverged': {
      const smaller = calmerRate(learningRate);
      return again(`Play again with learning rate ${smaller}`, { learningRate: smaller });
    }
    case 'out-of-memory':
      return again('Play again at half the size', {
        width: Math.max(1, Math.floor(width / 2)),
        examples: Math.max(1, Math.floor(examples / 2)),
      });
    default:
      return undefined;
  }
}
