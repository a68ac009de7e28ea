import { runArchive, subnetworkFile } from '../state/archive.js';
import { usePage } from '../view/context.js';
import { CopyButton } from '../view/copy.js';
import { save } from '../view/save.js';

/** Loads the person's own data, and saves the subnetwork, the run or a link. */
export function Take() {
  const page = usePage();
  const { session } = page;
  const newest = session.findings.value.findLast(({ type }) => type === 'subnetwork');
  const shown = session.findings.value.find(
    (event) => event.type === 'subnetwork' && event.iteration === page.checkpoint.value?.iteration,
  );
  const subnetwork = shown ?? newest;
  const complete = session.mode.value === 'done';
  return (
    <section class="card take" aria-labelledby="take-title">
      <h2 id="take-title">Bring and take</h2>
      <div class="row">
        <label class="button">
          Bring digits or a run
          <input
            type="file"
            name="files"
            multiple
            onChange={({ currentTarget }) => {
              const files = [...(currentTarget.files ?? [])];
              currentTarget.value = '';
              if (files.length > 0) void page.bring(files);
            }}
          />
        </label>
        <button
          type="button"
          disabled={!subnetwork}
          onClick={() => {
            if (!subnetwork) return;
            const { name, bytes } = subnetworkFile(subnetwork);
            save(name, bytes);
          }}
        >
          Save the subnetwork
        </button>
        <button
          type="button"
          disabled={!complete}
          onClick={() => {
            const play = session.play.value;
            if (!play) return;
            const { task, seed } = play.config;
            const bytes = runArchive(play, session.findings.value, session.summary.value);
            save(`espalier-${task}-seed${seed}.zip`, bytes);
          }}
        >
          Save the whole run
        </button>
        <CopyButton
          label="Copy a link to this view"
          copied="Link copied"
          text={() => new URL(page.viewHash('play'), location.href).href}
        />
      </div>
      <p class="note">
        Drop MNIST’s IDX files, a CSV (a label and the pixels on each line) or a run (its .zip or
        folder) anywhere on this page: they stay on this device, and the run goes on from its last
        weights. The subnetwork is a safetensors file. The run is a .zip with all weights, which,
        unpacked, <code>espalier run --from</code> goes on with on a command line, and{' '}
        <code>--config config.json</code> repeats.
      </p>
    </section>
  );
}
