import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface OpeningProps {
  /** What the tab shows, in one sentence. */
  readonly title: string;
  readonly children: ComponentChildren;
}

/** What every tab but the first begins with: what it shows, and the button that shows it. */
export function Opening({ title, children }: OpeningProps) {
  const id = useId();
  return (
    <section class="opening" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
