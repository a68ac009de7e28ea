import { plural } from '../../src/text.js';
import { percent } from '../model/format.js';
import type { Checkpoint } from '../state/session.js';
import { Chart } from '../view/chart.js';
import { usePage } from '../view/context.js';
import { Card } from './card.js';

/** A chart of the loss against neurons picked, with the loss of the dense network. */
export function PruneCard() {
  const page = usePage();
  const view = page.checkpoint.value;
  const { picks: most, method } = page.session.play.value?.config ?? page.settings.value;
  const losses = view?.subnetwork?.selection.loss;
  const x = Array.from({ length: losses?.length ?? 0 }, (_, k) => k + 1);
  const first = page.session.checkpoints.value[0];
  const early =
    first?.iteration === 0 && first !== view ? first.subnetwork?.selection.loss : undefined;
  const dense = view?.dense.figures.trainingLoss;
  return (
    <Card number={4} name="picking" title="Pick">
      <p class="about">
        {method === 'greedy' ? (
          <>
            Start from nothing. Pick the one neuron that <b>lowers the error most</b>. Again, up to{' '}
            {plural(most, 'pick')}. The first picks of many are the picks of few.
          </>
        ) : (
          <>
            Rank all neurons by another method ({method}) and <b>keep the first {most}</b>.
          </>
        )}
      </p>
      <Chart
        summary={
          losses && dense !== undefined
            ? `Error of the subnetwork falls from ${(losses[0] ?? 0).toPrecision(3)} with one pick to ${(losses.at(-1) ?? 0).toPrecision(3)} with ${losses.length}; the dense network has ${dense.toPrecision(3)}.`
            : 'Error against picks; nothing picked yet.'
        }
        xLabel="neurons picked"
        height={210}
        mark={page.size.value?.picks}
        x={x}
        xRange={[0, Math.max(2, most)]}
        curves={[
          {
            label: 'subnetwork as picked',
            colour: '--subnetwork',
            values: losses ? [...losses] : [],
          },
          {
            label: 'dense network',
            colour: '--dense',
            dashed: true,
            values: x.map(() => dense ?? null),
          },
          ...(early
            ? [
                {
                  label: 'picked before training',
                  colour: '--muted',
                  thin: true,
                  values: [...early],
                },
              ]
            : []),
        ]}
      />
      <p class="note">{explainPruning(view)}</p>
    </Card>
  );
}

function explainPruning(view: Checkpoint | undefined): string {
  const { subnetwork, dense } = view ?? {};
  if (!view || !dense) return 'At each checkpoint training stops and the picking begins anew.';
  if (!subnetwork) return 'Picking…';
  const { kept, passes } = subnetwork.selection;
  const share = percent(kept.length / dense.figures.width);
  return `${share} of the neurons, found in ${plural(passes, 'pass', 'passes')} over the data.`;
}
