import { type Signal, signal } from '@preact/signals';

/** Whether the person has closed a notice; kept over a reload where the browser keeps anything. */
export function closedNotice(name: string): { readonly closed: Signal<boolean>; close(): void } {
  const key = `espalier.closed.${name}`;
  const closed = signal(quietly(() => localStorage.getItem(key)) !== null);
  return {
    closed,
    close: () => {
      closed.value = true;
      quietly(() => localStorage.setItem(key, ''));
    },
  };
}

/** A browser may refuse even to be asked, in a private window for example. */
function quietly<Value>(work: () => Value): Value | null {
  try {
    return work();
  } catch {
    return null;
  }
}
