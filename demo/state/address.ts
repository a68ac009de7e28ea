import { EspalierError } from '../../src/index.js';
import { type Settings, settingsEntries, settingsFromEntries } from './settings.js';

/** The parts of the page, the first of which a link without a word about it opens. */
export const VIEWS = ['play', 'compare', 'study', 'bench'] as const;
export type View = (typeof VIEWS)[number];

/** What a tab keeps in the address for itself, by keys that begin with its name: `study.sizes`. */
export type Kept = Readonly<Record<string, string>>;

/** All that a link reproduces. */
export interface Address {
  readonly view: View;
  readonly settings: Settings;
  readonly kept: Kept;
}

export function addressHash({ view, settings, kept }: Address): string {
  const parts = [
    ...(view === 'play' ? [] : [['view', view]]),
    ...settingsEntries(settings),
    ...Object.entries(kept),
  ];
  return `#${new URLSearchParams(parts)}`;
}

/** The view that a link names, whatever else may be wrong with it. */
export function viewFromHash(hash: string): View {
  const named = new URLSearchParams(hash.replace(/^#/, '')).get('view');
  return VIEWS.find((view) => view === named) ?? 'play';
}

/**
 * Reads what `addressHash` wrote; a setting that is absent takes its default.
 *
 * @throws bad-config naming the first wrong key.
 */
export function addressFromHash(hash: string, defaults: Settings): Address {
  const kept: Record<string, string> = {};
  const settings: [string, string][] = [];
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    if (VIEWS.some((view) => key.startsWith(`${view}.`))) kept[key] = text;
    else if (key !== 'view') settings.push([key, text]);
    else if (!VIEWS.some((view) => view === text)) {
      throw new EspalierError(
        'bad-config',
        `The link's "view" must be ${VIEWS.join(', ')}, not "${text}".`,
      );
    }
  }
  return { view: viewFromHash(hash), settings: settingsFromEntries(settings, defaults), kept };
}
