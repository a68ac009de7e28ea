import { REFITS } from '../../src/prune/choices.js';
import { plural } from '../../src/text.js';
import { usePage } from '../view/context.js';
import { Check, Select } from '../view/control.js';
import { REFIT } from './methods.js';
import { type Comparing, FINE_TUNE, SCRATCH } from './state.js';

const REFIT_NAMES = {
  weights: 'Refit all output weights',
  scale: 'Refit one scale',
  none: 'Leave as picked',
} as const;

/** What a comparison has beside the ways to prune. */
export function Options({ comparing }: { readonly comparing: Comparing }) {
  const page = usePage();
  const kept = page.kept.value;
  const { config } = comparing.next.value;
  const { fineTune } = page.session.play.value?.config ?? page.settings.value;
  return (
    <details class="options">
      <summary>What is compared</summary>
      {config.loss === 'squared' && (
        <Select
          name="refit"
          label="After picking"
          hint="By least squares, on the digits learned from."
          value={config.refit}
          options={REFITS.toReversed().map((refit) => [refit, REFIT_NAMES[refit]] as const)}
          onChange={(refit) => page.keep(REFIT, refit === 'weights' ? undefined : refit)}
        />
      )}
      {fineTune > 0 && (
        <Check
          name="fineTuneEach"
          label="Fine-tune each"
          hint={`By ${plural(fineTune, 'step')} more, with and without the refit; the dense network, too.`}
          value={config.fineTune > 0}
          onChange={(wanted) => page.keep(FINE_TUNE, wanted ? undefined : 'false')}
        />
      )}
      <Check
        name="scratch"
        label="Train small ones, too"
        hint="Networks of these sizes from scratch, by as many steps."
        value={kept[SCRATCH] !== 'false'}
        onChange={(wanted) => page.keep(SCRATCH, wanted ? undefined : 'false')}
      />
    </details>
  );
}
