import { type ReadonlySignal, signal } from '@preact/signals';
import { EspalierError } from '../../src/index.js';
import { addressFromHash, addressHash, type Kept, type View, viewFromHash } from './address.js';
import type { Problem } from './problems.js';
import { changed, defaultsFor, type Settings } from './settings.js';

/** Shows an error above the tabs, so that it is seen whichever tab is open. */
export type Complain = (error: unknown, remedy?: Problem['remedy']) => void;

/** The page's state that its address holds. A change of the state is written into the address. */
export interface AddressBar {
  /** The tab that is shown. */
  readonly view: ReadonlySignal<View>;
  /** The tabs' own entries in the address, beside the settings. */
  readonly kept: ReadonlySignal<Kept>;
  readonly settings: ReadonlySignal<Settings>;
  /** The hash of a link to a tab, with the settings and entries of now, and `more` entries. */
  viewHash(view: View, more?: Kept): string;
  /** Writes a tab's own entry into the address; without a value the entry is removed. */
  keep(key: `${View}.${string}`, value: string | undefined): void;
  set(patch: Partial<Settings>): void;
  /**
   * Shows the tab that the address names, after the browser has changed the address. Returns the
   * settings to use from now on: those of the address where a new link brought it, and the current
   * ones after Back, Forward or a click on a tab. A link cannot carry files: a link of a run on
   * somebody's own files leaves the current data.
   *
   * @throws bad-config naming the first wrong key of a link, which has left the address by then.
   */
  follow(defaults: Settings): Settings;
  /** Takes the settings of the link, and the default for each that the link lacks. */
  adopt(defaults: Settings): void;
}

export function createAddressBar(complain: Complain): AddressBar {
  const view = signal(viewFromHash(location.hash));
  const kept = signal<Kept>({});
  const settings = signal<Settings>(defaultsFor('software'));

  /**
   * A number in every entry of the browser's history. It changes when a link brings settings of its
   * own, which tells a new link from Back, Forward and the tabs.
   */
  let era: number = Date.now();

  const here = (shown: View, more?: Kept) =>
    addressHash({ view: shown, settings: settings.value, kept: { ...kept.value, ...more } });

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
      // The address of an older entry still has the settings of the time when the person left it.
      // Going back to it must not undo what was changed since.
      if (eraHere() === era || location.hash === here(shown)) {
        view.value = shown;
        write();
        return settings.value;
      }
      era = eraHere() ?? Date.now();
      try {
        return read(defaults);
      } catch (error) {
        // A reload must not complain of it again.
        write();
        throw error;
      }
    },
    adopt: (defaults) => {
      era = eraHere() ?? era;
      let found = defaults;
      let rest = location.hash;
      try {
        found = read(defaults);
      } catch (error) {
        complain(error);
        // A reload must not complain of it again. What the settings are without it depends on the adapter.
        rest = view.value === 'play' ? '#' : `#view=${view.value}`;
      }
      settings.value = found;
      history.replaceState({ era }, '', rest);
    },
  };
}
