import { grouped, plural } from '../../src/text.js';
import { percent } from '../model/format.js';
import type { Outline } from '../state/frontier.js';
import { usePage } from '../view/context.js';

/** What was found: the smallest network within a point of the dense one, after the same steps and alike refitted. */
export function Headline() {
  const page = usePage();
  const told = page.told.value;
  if (!told) return <Question />;
  const { iteration, outline } = told;
  if (iteration === 0) return <Untrained outline={outline} />;
  const { smallest, yardstick, dense, denseRefitted, asPicked, points, tuned } = outline;
  const { fineTune } = page.session.play.value?.config ?? page.settings.value;
  const level = percent(yardstick.testAccuracy);
  const refitted = yardstick === denseRefitted;
  // Nobody has trained the refitted one on, nor refitted one that is too wide for it.
  const unlike = tuned ? denseRefitted : asPicked && !denseRefitted;
  const alike = refitted ? ', refitted like them' : unlike ? ', without a refit' : '';
  const steps = iteration + (tuned ? fineTune : 0);
  const after =
    tuned && refitted
      ? `after ${grouped(iteration)} of these ${plural(steps, 'step')}`
      : `after the same ${plural(steps, 'step')}`;
  if (!smallest) {
    return (
      <>
        <h2 id="discovery-title" class="headline unknown">
          <b>No size</b> is within a point yet
        </h2>
        <p class="verdict">
          The dense network, with all {grouped(dense.width)} neurons{alike}, gets {level} of new
          digits right, {after}. Of up to {points.at(-1)?.width} neurons none comes within a point
          of it. Train longer, or allow more picks.
        </p>
      </>
    );
  }
  return (
    <>
      <h2 id="discovery-title" class="headline">
        <b>{grouped(smallest.width)}</b> of {plural(dense.width, 'neuron')} are enough
      </h2>
      <p class="verdict">
        They get <b>{percent(smallest.testAccuracy)}</b> of new digits right. That is within a point
        of the dense network, which has all {grouped(dense.width)}
        {alike}: <b>{level}</b>, {after}.
      </p>
    </>
  );
}

function Question() {
  return (
    <>
      <h2 id="discovery-title" class="headline unknown">
        How <b>few</b> neurons are enough?
      </h2>
      <p class="verdict">
        A <i>dense</i> network has all its neurons. It learns first; then the neurons are picked
        that matter, one by one, and every size is tried on digits that none of them has seen.
      </p>
    </>
  );
}

/** Random neurons, too, can be refitted: that must not read as if they had learned. */
function Untrained({ outline: { dense, points, asPicked } }: { readonly outline: Outline }) {
  const most = points.at(-1);
  return (
    <>
      <h2 id="discovery-title" class="headline unknown">
        <b>Untrained</b>: neurons at random
      </h2>
      <p class="verdict">
        The dense network gets {percent(dense.testAccuracy)} right, which is guessing.
        {most &&
          (asPicked
            ? ` Fitting what ${plural(most.width, 'random neuron')} say to the digits brings ${percent(most.testAccuracy)}: what lies above that, training adds.`
            : ` No choice of its neurons is good: ${plural(most.width, 'neuron')} get ${percent(most.testAccuracy)}.`)}
      </p>
    </>
  );
}
