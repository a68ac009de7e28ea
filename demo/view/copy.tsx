import { useSignal } from '@preact/signals';

interface CopyButtonProps {
  readonly label: string;
  /** The button's text for a while after copying. */
  readonly copied: string;
  readonly text: () => string;
  readonly disabled?: boolean;
}

const WHILE_MILLIS = 3000;

/** Copies a text. Where the browser refuses, the text is shown, to be copied by hand. */
export function CopyButton({ label, copied, text, disabled = false }: CopyButtonProps) {
  const done = useSignal(false);
  const byHand = useSignal<string | undefined>(undefined);
  // Keeps the button's width while its text changes, so that its neighbours do not move.
  const width = useSignal<number | undefined>(undefined);
  const copy = async (button: HTMLButtonElement) => {
    const given = text();
    try {
      await navigator.clipboard.writeText(given);
    } catch {
      byHand.value = given;
      return;
    }
    byHand.value = undefined;
    width.value = button.offsetWidth;
    done.value = true;
    setTimeout(() => {
      done.value = false;
    }, WHILE_MILLIS);
  };
  return (
    <>
      <button
        type="button"
        disabled={disabled}
        style={{ minWidth: width.value }}
        onClick={({ currentTarget }) => void copy(currentTarget)}
      >
        {done.value ? copied : label}
      </button>
      <span class="hidden" role="status">
        {done.value ? copied : ''}
      </span>
      {byHand.value !== undefined && (
        <div class="by-hand">
          <label>
            This browser lets no page copy. Copy it from here yourself:
            <textarea readOnly rows={3} value={byHand.value} ref={selectAll} />
          </label>
          <button
            type="button"
            onClick={() => {
              byHand.value = undefined;
            }}
          >
            Close
          </button>
        </div>
      )}
    </>
  );
}

function selectAll(field: HTMLTextAreaElement | null): void {
  field?.select();
}
