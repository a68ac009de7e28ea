import { useComputed } from '@preact/signals';
import { plural } from '../../src/text.js';
import { runArchive } from '../state/archive.js';
import { playLink } from '../state/linked.js';
import { networkFile } from '../state/network-file.js';
import { usePage } from '../view/context.js';
import { CopyButton } from '../view/copy.js';
import { save } from '../view/save.js';

/** Loads the person's own data, and saves the subnetwork, the run or a link. */
export function Take() {
  const page = usePage();
  const { session } = page;
  const network = page.size.value?.network;
  const link = useComputed(() => playLink(page));
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
          disabled={!network}
          onClick={() => {
            const { task } = session.play.value?.config ?? page.settings.value;
            if (!network) return;
            const { name, bytes } = networkFile({ network, task });
            save(name, bytes);
          }}
        >
          {network ? `Save the network of ${plural(network.width, 'neuron')}` : 'Save the network'}
        </button>
        <button
          type="button"
          disabled={!complete}
          onClick={() => {
            const play = session.play.value;
            if (!play) return;
            const { task, seed } = play.config;
            const bytes = runArchive(play, {
              findings: session.findings.value,
              summary: session.summary.value,
              checkpoints: session.checkpoints.value,
            });
            save(`espalier-${task}-seed${seed}.zip`, bytes);
          }}
        >
          Save the whole run
        </button>
        <CopyButton
          label="Copy a link to this view"
          copied={link.value.carries ? 'Copied, with results' : 'Copied: the settings alone'}
          text={() => link.value.href}
        />
      </div>
      <p class="note">
        Drop MNIST’s IDX files, a CSV (a label and the pixels on each line) or a run (its .zip or
        folder) anywhere on this page: they stay on this device, and the run goes on from its last
        weights. The network is that of the headline, or where you dragged to: a safetensors file
        whose metadata say how to compute with it, and which this page takes back. The run is a .zip
        with all weights, which, unpacked, <code>espalier run --from</code> goes on with on a
        command line, and <code>--config config.json</code> repeats. A link carries the settings
        and, if they fit, the results of a run on the built-in digits: whoever opens it sees the
        curve at once, and can repeat it.
      </p>
    </section>
  );
}
