import type { Drawing } from './drawing.js';
import { STYLE } from './style.js';
import type { Rows } from './tables.js';

/** A self-contained HTML page in the report's style. It loads nothing. */
export function htmlPage({
  title,
  style = '',
  body,
}: {
  readonly title: string;
  /** CSS to add to the report's. */
  readonly style?: string;
  /** HTML, inserted as it is. */
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

/** A definition list. Names and values are escaped. */
export function factList(facts: readonly (readonly [name: string, value: string])[]): string {
  const entries = facts.map(
    ([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`,
  );
  return `<dl>${entries.join('')}</dl>`;
}

/** A figure in both of a page's widths, of which the style shows the one that fits. */
export function eitherWidth(wide: Drawing, narrow: Drawing): string {
  return `<div class="wide">${wide.svg}</div><div class="narrow">${narrow.svg}</div>`;
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
