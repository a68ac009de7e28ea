import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface OpeningProps {
  /** What the tab shows, in one sentence. */
  readonly title: string;
  readonly children: ComponentChildren;
}

/** The head of every tab but the first: a title, and the tab's main button. */
export function Opening({ title, children }: OpeningProps) {
  const id = useId();
  return (
    <section class="opening" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
