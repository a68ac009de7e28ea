import { useSignal } from '@preact/signals';
import { usePage } from './context.js';

interface CopyButtonProps {
  readonly label: string;
  /** The button's text for a while after copying. */
  readonly copied: string;
  readonly text: () => string;
  readonly disabled?: boolean;
}

const WHILE_MILLIS = 3000;

export function CopyButton({ label, copied, text, disabled = false }: CopyButtonProps) {
  const { complain } = usePage();
  const done = useSignal(false);
  // Keeps the button's width while its text changes, so that its neighbours do not move.
  const width = useSignal<number | undefined>(undefined);
  const copy = async (button: HTMLButtonElement) => {
    try {
      await navigator.clipboard.writeText(text());
      width.value = button.offsetWidth;
      done.value = true;
      setTimeout(() => {
        done.value = false;
      }, WHILE_MILLIS);
    } catch (error) {
      complain(error);
    }
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
    </>
  );
}
