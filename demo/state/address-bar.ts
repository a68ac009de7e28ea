import { type ReadonlySignal, signal } from '@preact/signals';
import { EspalierError } from '../../src/index.js';
import { addressFromHash, addressHash, type Kept, type View, viewFromHash } from './address.js';
import type { Problem } from './problems.js';
import { changed, defaultsFor, type Settings } from './settings.js';

/** Tells what went wrong, above whatever tab is shown. */
export type Complain = (error: unknown, remedy?: Problem['remedy']) => void;

/** What the page's address keeps, and the address after it. */
export interface AddressBar {
  /** The tab that is shown. */
  readonly view: ReadonlySignal<View>;
  /** What the tabs keep in the address beside the settings. */
  readonly kept: ReadonlySignal<Kept>;
  readonly settings: ReadonlySignal<Settings>;
  /** The address of a tab with all that the page shows now. */
  viewHash(view: View): string;
  /** Writes a tab's own word into the address, or takes it out. */
  keep(key: `${View}.${string}`, value: string | undefined): void;
  set(patch: Partial<Settings>): void;
  /**
   * Shows the tab that the browser went to, and gives the settings for it. A link gives the
   * settings that it names, except for files, which it cannot carry. A tab, Back and Forward keep
   * the settings that there are.
   *
   * @throws bad-config naming the first wrong key of a link.
   */
  follow(defaults: Settings): Settings;
  /** Takes the settings of the link, and for those that it lacks the defaults. */
  adopt(defaults: Settings): void;
}

export function createAddressBar(complain: Complain): AddressBar {
  const view = signal(viewFromHash(location.hash));
  const kept = signal<Kept>({});
  const settings = signal<Settings>(defaultsFor('software'));

  /** Marks the entries of the browser's history since a link last brought settings of its own. */
  let era: number = Date.now();

  const here = (shown: View) =>
    addressHash({ view: shown, settings: settings.value, kept: kept.value });

  const write = () => history.replaceState({ era }, '', here(view.value));
  const eraHere = () => (history.state as { readonly era?: number } | null)?.era;

  const read = (defaults: Settings): Settings => {
    view.value = viewFromHash(location.hash);
    const address = addressFromHash(location.hash, defaults);
    kept.value = address.kept;
    const { data } = settings.value;
    if (address.settings.data !== 'own' || data === 'own') return address.settings;
    complain(
      new EspalierError(
        'bad-data',
        'This link was made with files of somebody’s own, which a link cannot carry. Bring them again, or go on with the built-in digits.',
      ),
    );
    return { ...address.settings, data };
  };

  return {
    view,
    kept,
    settings,
    viewHash: here,
    keep: (key, value) => {
      const { [key]: _, ...others } = kept.value;
      kept.value = value === undefined ? others : { ...others, [key]: value };
      write();
    },
    set: (patch) => {
      settings.value = changed(settings.value, patch);
      write();
    },
    follow: (defaults) => {
      const shown = viewFromHash(location.hash);
      // An entry has the settings of the time when it was left. Going back must not undo later
      // changes.
      if (eraHere() === era || location.hash === here(shown)) {
        view.value = shown;
        write();
        return settings.value;
      }
      era = eraHere() ?? Date.now();
      return read(defaults);
    },
    adopt: (defaults) => {
      era = eraHere() ?? era;
      settings.value = defaults;
      try {
        settings.value = read(defaults);
      } catch (error) {
        complain(error);
      }
      history.replaceState({ era }, '');
    },
  };
}
