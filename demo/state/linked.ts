import { computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import type { AddressBar, Complain } from './address-bar.js';
import { type Found, foundAt, foundFromText, foundText } from './found.js';
import type { Run } from './run.js';
import type { Session } from './session.js';
import { type Settings, sameSettings } from './settings.js';

/** Characters of a link at most: longer ones some mail programs break. */
const MOST_CHARACTERS = 2000;

const FOUND = 'play.found';

/** What a link says was found, until there is a run here or the settings are others. */
export interface Linked {
  readonly found: ReadonlySignal<Found | undefined>;
  /** Takes up what the address holds. */
  read(): void;
}

interface Needs extends Pick<AddressBar, 'kept' | 'keep' | 'settings'> {
  readonly session: Session;
}

interface PlayLinkNeeds
  extends Pick<Run, 'checkpoint' | 'changed'>,
    Pick<AddressBar, 'settings' | 'viewHash'> {
  readonly linked: Linked['found'];
}

export function createLinked({ kept, keep, settings, session }: Needs, complain: Complain): Linked {
  const found = signal<{ readonly by: Settings; readonly found: Found } | undefined>();
  const drop = () => {
    found.value = undefined;
    keep(FOUND, undefined);
  };
  effect(() => {
    const here = session.play.value !== undefined;
    const linked = found.value;
    if (linked && (here || !sameSettings(linked.by, settings.value))) untracked(drop);
  });
  return {
    found: computed(() => found.value?.found),
    read: () => {
      const text = kept.value[FOUND];
      if (text === undefined) {
        found.value = undefined;
        return;
      }
      const by = settings.value;
      try {
        found.value = { by, found: foundFromText(text, by) };
      } catch (error) {
        drop();
        complain(error);
      }
    },
  };
}

/**
 * A link to what Play shows: its settings and, where they fit and are of these settings, the figures of its
 * curves. Without one's own digits, which a link cannot carry, nobody could find those again.
 */
export function playLink({ checkpoint, changed, settings, linked, viewHash }: PlayLinkNeeds): {
  readonly href: string;
  readonly carries: boolean;
} {
  const linkOf = (hash: string) => new URL(hash, location.href).href;
  const bare = linkOf(viewHash('play'));
  const found = foundAt(checkpoint.value);
  if (!found || changed.value || settings.value.data === 'own') {
    return { href: bare, carries: linked.value !== undefined };
  }
  const whole = linkOf(viewHash('play', { [FOUND]: foundText(found) }));
  const carries = whole.length <= MOST_CHARACTERS;
  return { href: carries ? whole : bare, carries };
}
