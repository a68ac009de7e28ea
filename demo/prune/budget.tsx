import type { Budgeted } from '../../src/index.js';
import { plural } from '../../src/text.js';
import { percent } from '../model/format.js';
import { Select, Slider } from '../view/control.js';
import { showingResult } from './arrival.js';
import { COUNTED_WORDS } from './figures.js';
import type { UnitBar } from './protocol.js';
import type { Prune } from './state.js';
import { Tried } from './tried.js';

const KINDS = [
  ['multiplyAdds', 'multiply-adds'],
  ['parameters', 'parameters'],
  ['milliseconds', 'time on this machine'],
] as const satisfies readonly (readonly [Budgeted, string])[];

/** The most that is offered to stay, in percent: a cut takes something. */
const MOST = 95;

/** How small the network shall be, and what that leaves of each unit: it moves with the slider. */
export function BudgetCard({ prune }: { readonly prune: Prune }) {
  const { of, share } = prune.budget.value;
  const plan = prune.plan.value;
  const least = Math.min(MOST, Math.max(1, Math.ceil(100 * (plan?.least ?? 0.05))));
  const steps = Array.from({ length: MOST - least + 1 }, (_, at) => (least + at) / 100);
  return (
    <section class="card budget" aria-labelledby="prune-budget">
      <h2 id="prune-budget">
        <b class="number">3</b> How small?
      </h2>
      <Slider
        name="prune.share"
        label={`Keep of the ${COUNTED_WORDS[of]}`}
        hint={`Drag it: ${plan ? 'the bars show what stays of each layer' : 'this is the share that stays'}.`}
        value={share}
        steps={steps}
        show={(value) => `${Math.round(100 * value)}%`}
        onChange={(value) => prune.change({ share: value })}
      />
      <Select
        name="prune.of"
        label="Count"
        hint=""
        value={of}
        options={KINDS}
        onChange={(value) => prune.change({ of: value })}
      />
      {plan ? (
        <>
          <Bars units={plan.units} />
          <Tried prune={prune} />
          <p class="note">
            {percent(plan.reached)} of the {COUNTED_WORDS[of]} would be left.{' '}
            {plan.measured
              ? 'Layers that the answers hang on most keep most: that was measured, each cut alone.'
              : 'An even share for now. Prune first measures which layers the answers hang on.'}
          </p>
        </>
      ) : (
        <p class="note">
          {of === 'milliseconds'
            ? 'How long each layer takes here is timed once you press Prune.'
            : 'There is nothing to share yet.'}
        </p>
      )}
      {prune.result.value && (
        <div class="row">
          <button
            type="button"
            disabled={prune.doing.value !== undefined || !prune.able.value}
            title="Cuts to 80, 65, 50, 35 and 25%, those that you have not tried"
            onClick={() => void showingResult(prune.tryMany)}
          >
            Try five sizes
          </button>
        </div>
      )}
    </section>
  );
}

/** The channels that stay of each unit, within all that it has. */
export function Bars({ units }: { readonly units: readonly UnitBar[] }) {
  const most = Math.max(...units.map(({ channels }) => channels));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
    <section class="units" aria-label="What stays of each unit of channels" tabIndex={0}>
      <ul>
        {units.map(({ unit, channels, kept }) => (
          <li key={unit}>
            <span class="name">{unit}</span>
            <span class="track">
              <i class="whole" style={{ width: `${(100 * channels) / most}%` }}>
                <i class="kept" style={{ width: `${(100 * kept) / channels}%` }} />
              </i>
            </span>
            <span class="count">
              {kept} of {plural(channels, 'channel')}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
