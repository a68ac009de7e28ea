import { plural } from '../../src/text.js';
import type { AsideView, PicturesView } from './protocol.js';
import type { Prune } from './state.js';

/** What made way for what is here now, and the way back to it. */
export function Aside({ prune, aside }: { readonly prune: Prune; readonly aside: AsideView }) {
  const { text, them } = asideWords(aside, prune.standing.value?.pictures);
  return (
    <div class="note warn aside" role="status">
      <p>
        {text} You can bring {them} back until this page is closed.
      </p>
      <button
        type="button"
        disabled={prune.doing.value !== undefined}
        onClick={() => void prune.back()}
      >
        Bring {them} back
      </button>
    </div>
  );
}

/** What lies aside, in a sentence, and the word for it in the next. */
export function asideWords(
  { network, pictures, results }: AsideView,
  now: Pick<PicturesView, 'count'> | undefined,
): { readonly text: string; readonly them: 'it' | 'them' } {
  const given = pictures && `${plural(pictures.count, 'picture')} (${pictures.name})`;
  if (network === undefined) {
    const others = now ? ` for ${plural(now.count, 'other')}` : '';
    return {
      text: `${given} made way${others}.`,
      them: pictures?.count === 1 ? 'it' : 'them',
    };
  }
  const made = results > 0 && plural(results, 'result');
  const all = [network, given, made].filter((part) => typeof part === 'string');
  return {
    text: `${new Intl.ListFormat('en').format(all)} made way.`,
    them: all.length === 1 ? 'it' : 'them',
  };
}
