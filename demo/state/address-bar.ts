import { type ReadonlySignal, signal } from '@preact/signals';
import { EspalierError } from '../../src/index.js';
import { addressOf, hashOf, type Kept, type View, viewOf } from './address.js';
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
  hashOf(view: View): string;
  /** Writes a tab's own word into the address, or takes it out. */
  keep(key: `${View}.${string}`, value: string | undefined): void;
  set(patch: Partial<Settings>): void;
  /**
   * Shows the tab of a link, takes over what its tabs keep, and reads its settings, but for files
   * that it cannot carry.
   *
   * @throws bad-config naming the first wrong key.
   */
  read(defaults: Settings): Settings;
  /** Takes the settings of the link, and for those that it lacks the defaults. */
  adopt(defaults: Settings): void;
}

export function createAddressBar(complain: Complain): AddressBar {
  const view = signal(viewOf(location.hash));
  const kept = signal<Kept>({});
  const settings = signal<Settings>(defaultsFor('software'));

  const here = (shown: View) => hashOf({ view: shown, settings: settings.value, kept: kept.value });

  const write = () => history.replaceState(null, '', here(view.value));

  const read = (defaults: Settings): Settings => {
    view.value = viewOf(location.hash);
    const address = addressOf(location.hash, defaults);
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
    hashOf: here,
    keep: (key, value) => {
      const { [key]: _, ...others } = kept.value;
      kept.value = value === undefined ? others : { ...others, [key]: value };
      write();
    },
    set: (patch) => {
      settings.value = changed(settings.value, patch);
      write();
    },
    read,
    adopt: (defaults) => {
      settings.value = defaults;
      try {
        settings.value = read(defaults);
      } catch (error) {
        complain(error);
      }
    },
  };
}
