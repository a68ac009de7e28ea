import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { ImageSource } from '../../src/index.js';
import { grouped, plural } from '../../src/text.js';
import type { AddressBar, Complain } from './address-bar.js';
import { fetchSource } from './data.js';
import type { Settings } from './settings.js';
import { LABELS } from './wording.js';

/** What is on its way, and the share of it that has arrived, where that is known. */
export interface Loading {
  readonly what: string;
  readonly share?: number;
}

/** The images that the page works on, and how they arrive. */
export interface Images {
  readonly source: Signal<ImageSource | undefined>;
  /** What is being fetched or read; undefined while nothing is. */
  readonly loading: ReadonlySignal<Loading | undefined>;
  /** Does what takes a while, and says so meanwhile. */
  during<Value>(what: string, work: () => Promise<Value>): Promise<Value>;
  fetched(set: 'small' | 'full'): Promise<ImageSource>;
  /** Uses these images. A set that is still being fetched is then ignored. */
  take(source: ImageSource): void;
  /** Fetches a set and uses it, unless other images were taken or asked for in the meantime. */
  load(set: 'small' | 'full'): Promise<void>;
  /** Lowers the setting `examples` to the number of images at hand, and says so. */
  limitExamples(): void;
  /** Changes settings. If they name another data set, fetches it. */
  change(patch: Partial<Settings>): void;
}

export function createImages(
  { settings, set }: Pick<AddressBar, 'settings' | 'set'>,
  complain: Complain,
  say: (text: string) => void,
): Images {
  const source = signal<ImageSource | undefined>();
  const loading = signal<Loading | undefined>();

  const during = async <Value>(what: string, work: () => Promise<Value>): Promise<Value> => {
    loading.value = { what };
    try {
      return await work();
    } finally {
      loading.value = undefined;
    }
  };

  const fetched = (name: 'small' | 'full'): Promise<ImageSource> => {
    const what = 'Fetching the digits';
    return during(what, () =>
      fetchSource(name, (share) => {
        loading.value = { what, share };
      }),
    );
  };

  const limitExamples = () => {
    const { name, train } = source.value ?? {};
    const { examples } = settings.value;
    if (!train || examples <= train.count) return;
    set({ examples: train.count });
    say(
      `${name} has ${plural(train.count, 'digit')} to learn from here: “${LABELS.examples}” is that now, not ${grouped(examples)}.`,
    );
  };

  let wishes = 0;
  const load = async (name: 'small' | 'full') => {
    const wish = ++wishes;
    try {
      const found = await fetched(name);
      if (wish !== wishes) return;
      source.value = found;
      limitExamples();
    } catch (error) {
      if (wish === wishes) throw error;
    }
  };

  return {
    source,
    loading,
    during,
    fetched,
    load,
    take: (images) => {
      wishes++;
      source.value = images;
    },
    limitExamples,
    change: (patch) => {
      const before = settings.value;
      set(patch);
      const { data } = settings.value;
      if (data === before.data || data === 'own') return;
      load(data).catch((error: unknown) => {
        set({ data: before.data });
        complain(error);
      });
    },
  };
}
