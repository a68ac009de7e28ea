import type { ComponentChildren } from 'preact';

interface CardProps {
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly children: ComponentChildren;
}

export function Card({ number, name, title, children }: CardProps) {
  return (
    <section class={`card ${name}`} aria-labelledby={`${name}-title`}>
      <h2 id={`${name}-title`}>
        <span class="number">{number}</span> {title}
      </h2>
      {children}
    </section>
  );
}
