import { useSignal } from '@preact/signals';
import { usePage } from './context.js';

interface CopyButtonProps {
  readonly label: string;
  /** What it reads for a while once the clipboard has the text. */
  readonly copied: string;
  readonly text: () => string;
  readonly disabled?: boolean;
}

const WHILE_MILLIS = 3000;

export function CopyButton({ label, copied, text, disabled = false }: CopyButtonProps) {
  const { complain } = usePage();
  const done = useSignal(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      done.value = true;
      setTimeout(() => {
        done.value = false;
      }, WHILE_MILLIS);
    } catch (error) {
      complain(error);
    }
  };
  return (
    <button type="button" disabled={disabled} onClick={() => void copy()}>
      {done.value ? copied : label}
    </button>
  );
}
