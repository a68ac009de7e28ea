/**
 * Where results were made, in a sentence: of those of an earlier visit, and of those of another adapter than
 * the page has now. The same work has the same bits only on the same adapter.
 *
 * @param adapters names of those that made them, in turn.
 * @param here the page's own; undefined where it has none yet.
 */
export function madeOn(
  adapters: readonly string[],
  { earlier, here }: { readonly earlier: boolean; readonly here: string | undefined },
): string {
  const kept = earlier ? ' It is as you left it: this browser keeps it.' : '';
  const elsewhere = here !== undefined && adapters.some((name) => name !== here);
  if (!earlier && !elsewhere) return '';
  const made = ` Computed on ${adapters.join(' and ')}`;
  return `${kept}${made}${elsewhere ? `; here it would be ${here}, whose figures may differ a little` : ''}.`;
}
