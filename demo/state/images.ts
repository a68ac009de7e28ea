import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { ImageSource } from '../../src/index.js';
import type { AddressBar, Complain } from './address-bar.js';
import { fetchSource } from './data.js';
import type { Settings } from './settings.js';

/** The images that the settings ask for. */
export interface Images {
  readonly source: Signal<ImageSource | undefined>;
  /** The share of a data set that has arrived, while one is on its way. */
  readonly loading: ReadonlySignal<number | undefined>;
  fetched(set: 'small' | 'full'): Promise<ImageSource>;
  /** Takes these images. A set that is still on its way is then ignored. */
  take(source: ImageSource): void;
  /** Fetches a set and takes it as the source, unless others were taken or asked for meanwhile. */
  load(set: 'small' | 'full'): Promise<void>;
  /** Lowers `examples` to as many as there are. */
  limitExamples(): void;
  /** Changes settings, and fetches the data set that they name where it is another. */
  change(patch: Partial<Settings>): void;
}

export function createImages(
  { settings, set }: Pick<AddressBar, 'settings' | 'set'>,
  complain: Complain,
): Images {
  const source = signal<ImageSource | undefined>();
  const loading = signal<number | undefined>();

  const fetched = async (name: 'small' | 'full'): Promise<ImageSource> => {
    loading.value = 0;
    try {
      return await fetchSource(name, (share) => {
        loading.value = share;
      });
    } finally {
      loading.value = undefined;
    }
  };

  const limitExamples = () => {
    const count = source.value?.train.count;
    if (count !== undefined && settings.value.examples > count) set({ examples: count });
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
