import { useSignal } from '@preact/signals';
import { usePage } from '../view/context.js';
import { save } from '../view/save.js';
import type { Study } from './state.js';

const FILES = ['cells.csv', 'thresholds.json', 'report.html'] as const;

/** Saves the study as the command line's files. */
export function StudyFiles({ study }: { readonly study: Study }) {
  const page = usePage();
  const drawing = useSignal(false);
  const take = async (name: (typeof FILES)[number]) => {
    drawing.value = true;
    try {
      // Loaded on demand: the code that draws the report is larger than the rest of the page.
      const { studyReportFiles } = await import('./files.js');
      const { config, cells } = study;
      if (!config.value) return;
      const file = studyReportFiles(config.value, cells.value).find((each) => each.name === name);
      if (file) save(file.name, file.bytes);
    } catch (error) {
      page.complain(error);
    } finally {
      drawing.value = false;
    }
  };
  return (
    <section class="card take" aria-labelledby="study-take">
      <h2 id="study-take">Take it with you</h2>
      <div class="row">
        {FILES.map((name) => (
          <button
            key={name}
            type="button"
            disabled={drawing.value || study.cells.value.length === 0}
            onClick={() => void take(name)}
          >
            Save {name}
          </button>
        ))}
      </div>
      <p class="note">
        The files are those of <code>npx espalier study</code>: every cell, the thresholds with
        their fits and intervals by the error in training, and a report that needs nothing else.
      </p>
    </section>
  );
}
