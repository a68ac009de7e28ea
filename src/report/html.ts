import { STYLE } from './style.js';
import type { Rows } from './tables.js';

/** A page that stands alone: in the report's style, and with nothing to load. */
export function htmlPage({
  title,
  style = '',
  body,
}: {
  readonly title: string;
  /** Beside the report's own. */
  readonly style?: string;
  /** Markup. */
  readonly body: string;
}): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}${style}</style>
<main>
${body}
</main>
</html>
`;
}

/** Names and what they are. */
export function factList(facts: readonly (readonly [name: string, value: string])[]): string {
  const entries = facts.map(
    ([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`,
  );
  return `<dl>${entries.join('')}</dl>`;
}

export function table({ head, rows, best }: Rows): string {
  const line = (cells: readonly string[], tag: 'th' | 'td') =>
    cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('');
  const body = rows.map(
    (row, at) => `<tr${at === best ? ' class="best"' : ''}>${line(row, 'td')}</tr>`,
  );
  return `<div class="table${best === undefined ? '' : ' fits'}"><table><thead><tr>${line(head, 'th')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
