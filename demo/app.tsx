import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { droppedFiles } from './model/dropped.js';
import { Panels, Tabs } from './tabs.js';
import { usePage } from './view/context.js';
import { Footer } from './view/footer.js';
import { Said, SlowNotice, Trouble } from './view/notices.js';

export function App() {
  const page = usePage();
  const dragging = useDrop();
  const words =
    page.takers.value[page.view.value]?.words ?? 'Drop IDX files, a CSV, or a run’s .zip or folder';
  return (
    <>
      <header>
        <h1>Espalier</h1>
        <p>
          Train a neural network, then <b>keep only the neurons it needs</b>.
        </p>
        <Tabs />
      </header>
      <main>
        <div class="notices">
          <SlowNotice />
        </div>
        <Panels />
      </main>
      <div class="toasts">
        <Trouble />
        <Said />
      </div>
      <Footer />
      {dragging && <div class="drop">{words}</div>}
    </>
  );
}

/** Takes files dropped anywhere on the page. Returns whether files are dragged over it now. */
function useDrop(): boolean {
  const page = usePage();
  const dragging = useSignal(false);
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      dragging.value = true;
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) dragging.value = false;
    };
    const drop = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      dragging.value = false;
      // Read now: the browser empties it when the event is over.
      const files = droppedFiles(event.dataTransfer);
      const taker = page.takers.value[page.view.value];
      void (taker
        ? files.then(taker.take)
        : page.bring(files.then((all) => all.map(({ file }) => file))));
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, [page, dragging]);
  return dragging.value;
}
