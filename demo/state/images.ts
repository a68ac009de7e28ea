import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { ImageSource } from '../../src/index.js';
import type { AddressBar, Complain } from './address-bar.js';
import { fetchSource } from './data.js';
import type { Settings } from './settings.js';

/** The images that the page works on, and how they arrive. */
export interface Images {
  readonly source: Signal<ImageSource | undefined>;
  /** The share of a data set that has arrived; undefined while none is being fetched. */
  readonly loading: ReadonlySignal<number | undefined>;
  fetched(set: 'small' | 'full'): Promise<ImageSource>;
  /** Uses these images. A set that is still being fetched is then ignored. */
  take(source: ImageSource): void;
  /** Fetches a set and uses it, unless other images were taken or asked for in the meantime. */
  load(set: 'small' | 'full'): Promise<void>;
  /** Lowers the setting `examples` to the number of images at hand. */
  limitExamples(): void;
  /** Changes settings. If they name another data set, fetches it. */
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
