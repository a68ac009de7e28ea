import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { PlayTab } from './play/tab.js';
import { VIEWS, type View } from './state/address.js';
import { usePage } from './view/context.js';

interface Tab {
  readonly name: string;
  /** Loads the tab's code, which the first load of the page leaves out. */
  readonly load: () => Promise<ComponentType>;
}

const TABS: Readonly<Record<View, Tab>> = {
  play: { name: 'Play', load: async () => PlayTab },
  prune: { name: 'Prune', load: async () => (await import('./prune/tab.js')).PruneTab },
  compare: {
    name: 'Compare',
    load: async () => (await import('./compare/tab.js')).CompareTab,
  },
  study: { name: 'Study', load: async () => (await import('./study/tab.js')).StudyTab },
  bench: { name: 'Bench', load: async () => (await import('./bench/tab.js')).BenchTab },
};

/** The tabs. They are links, so that Back, Forward and opening in a new window work. */
export function Tabs() {
  const page = usePage();
  return (
    <nav class="tabs" aria-label="Parts of this page">
      {VIEWS.map((view) => (
        <a
          key={view}
          href={page.viewHash(view)}
          aria-current={page.view.value === view ? 'page' : undefined}
        >
          {TABS[view].name}
          {page.turn.value?.view === view && (
            <i class="at-work">
              <span class="hidden">, at work</span>
            </i>
          )}
        </a>
      ))}
    </nav>
  );
}

/**
 * The tab that is shown. Tabs that were shown before stay in the page, hidden, with their state.
 */
export function Panels() {
  const page = usePage();
  const { view } = page;
  const seen = useSignal<readonly View[]>([]);
  useEffect(
    () =>
      view.subscribe((shown) => {
        document.title = `${TABS[shown].name} · Espalier`;
        if (!seen.peek().includes(shown)) seen.value = [...seen.peek(), shown];
      }),
    [view, seen],
  );
  return (
    <>
      {VIEWS.filter((each) => seen.value.includes(each)).map((each) => (
        <div key={each} class="panel" data-view={each} hidden={each !== view.value}>
          <Panel view={each} />
        </div>
      ))}
    </>
  );
}

function Panel({ view }: { readonly view: View }) {
  const { complain } = usePage();
  const content = useSignal<ComponentType | undefined>(undefined);
  useEffect(() => {
    TABS[view]
      .load()
      .then((loaded) => {
        content.value = loaded;
      })
      .catch(complain);
  }, [view, content, complain]);
  const Content = content.value;
  return Content ? <Content /> : <p class="lead">Fetching this part…</p>;
}
