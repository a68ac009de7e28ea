import { EspalierError } from '../../src/index.js';
import { quoted } from '../../src/text.js';
import { type Settings, settingsEntries, settingsFromEntries } from './settings.js';

/** The tabs of the page. A link that names none opens the first. */
export const VIEWS = ['play', 'prune', 'compare', 'study', 'bench'] as const;
export type View = (typeof VIEWS)[number];

/** The tabs' own entries in the address. A key begins with the tab's name: `study.sizes`. */
export type Kept = Readonly<Record<string, string>>;

/** What a link holds. */
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

/** The tab that a link names. Errors elsewhere in the link do not matter here. */
export function viewFromHash(hash: string): View {
  const named = new URLSearchParams(hash.replace(/^#/, '')).get('view');
  return VIEWS.find((view) => view === named) ?? 'play';
}

/** Whether an address leaves all settings open, so that the last run may come back with its own. */
export function namesNoSetting(hash: string): boolean {
  const keys = [...new URLSearchParams(hash.replace(/^#/, '')).keys()];
  return keys.every((key) => key === 'view' || VIEWS.some((view) => key.startsWith(`${view}.`)));
}

/**
 * Reads what `addressHash` wrote. A setting that is absent takes its default.
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
        `The link's "view" must be ${VIEWS.join(', ')}, not ${quoted(text)}.`,
      );
    }
  }
  return { view: viewFromHash(hash), settings: settingsFromEntries(settings, defaults), kept };
}
