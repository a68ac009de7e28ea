import { useSignal } from '@preact/signals';
import { zipSync } from 'fflate';
import { useEffect } from 'preact/hooks';
import { CopyButton } from '../view/copy.js';
import { save } from '../view/save.js';
import { fileSize } from './figures.js';
import type { ResultView, SavedFile } from './protocol.js';
import type { Prune } from './state.js';

const FORMS: Readonly<Record<string, string>> = {
  '.onnx': 'ONNX',
  '.safetensors': 'safetensors',
  '.json': 'TensorFlow.js',
};

/** The smaller network as a file, and how to run it. */
export function TakeAway({
  prune,
  result,
}: {
  readonly prune: Prune;
  readonly result: ResultView;
}) {
  const endings = prune.standing.value?.network?.endings ?? [];
  const chosen = useSignal<string | undefined>(undefined);
  const file = useSignal<SavedFile | undefined>(undefined);
  const ending = endings.find((own) => own === chosen.value) ?? endings[0];
  useEffect(() => {
    let wanted = true;
    // What was saved of another result is not this one's.
    file.value = undefined;
    if (ending !== undefined) {
      void prune.file(result.id, ending).then((found) => {
        if (wanted) file.value = found;
      });
    }
    return () => {
      wanted = false;
    };
  }, [prune, ending, file, result]);
  const ready = file.value;
  return (
    <section class="card take" aria-labelledby="prune-take">
      <h2 id="prune-take">Take it away</h2>
      <fieldset class="row" aria-label="Form of the file">
        {endings.map((own) => (
          <button
            key={own}
            type="button"
            aria-pressed={own === ending}
            onClick={() => {
              chosen.value = own;
            }}
          >
            {FORMS[own] ?? own}
          </button>
        ))}
      </fieldset>
      <button
        type="button"
        class="remedy"
        disabled={!ready}
        onClick={() => ready && saveFile(ready)}
      >
        Save {ready ? `${ready.name}, ${fileSize(sizeOfFile(ready))}` : 'the pruned network'}
      </button>
      {ready && (
        <>
          {ready.beside.length > 0 && (
            <p class="note">A .zip with {ready.name} and the file of its weights.</p>
          )}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
          <section class="lines" aria-label="Lines that run it" tabIndex={0}>
            <pre>{ready.snippet}</pre>
          </section>
          <div class="row">
            <CopyButton label="Copy these lines" copied="Copied" text={() => ready.snippet} />
          </div>
        </>
      )}
    </section>
  );
}

function sizeOfFile({ bytes, beside }: SavedFile): number {
  return beside.reduce((sum, own) => sum + own.bytes.length, bytes.length);
}

function saveFile({ name, bytes, beside }: SavedFile): void {
  if (beside.length === 0) {
    save(name, bytes);
    return;
  }
  const files = [{ name, bytes }, ...beside].map((own) => [own.name, own.bytes] as const);
  save(name.replace(/\.\w+$/, '.zip'), zipSync(Object.fromEntries(files), { level: 0 }));
}
