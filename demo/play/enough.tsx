import { percent } from '../model/format.js';
import type { Checkpoint } from '../state/session.js';
import { Chart } from '../view/chart.js';
import { usePage } from '../view/context.js';

/** A chart of the three networks' test accuracy against the steps of pre-training. */
export function Enough() {
  const page = usePage();
  const checkpoints = page.session.checkpoints.value;
  const { iterations, fineTune } = page.session.play.value?.config ?? page.settings.value;
  const of = (stage: 'dense' | 'subnetwork' | 'fineTuned') =>
    checkpoints.map((checkpoint) => checkpoint[stage]?.figures.testAccuracy ?? null);
  return (
    <section class="card enough" aria-labelledby="enough-title">
      <h2 id="enough-title">How much training is enough?</h2>
      <p class="about">
        At each checkpoint the network is pruned. Once the subnetwork rises no further, training the
        large network longer brings the small one little.
      </p>
      <Chart
        summary={accuracySummary(checkpoints)}
        xLabel="training step of the dense network"
        height={220}
        x={checkpoints.map(({ iteration }) => iteration)}
        xRange={[0, iterations]}
        yRange={[0, 1]}
        percent
        mark={page.checkpoint.value?.iteration}
        curves={[
          { label: 'dense', colour: '--dense', points: true, values: of('dense') },
          {
            label: 'subnetwork',
            colour: '--subnetwork',
            points: true,
            values: of('subnetwork'),
          },
          ...(fineTune > 0
            ? [
                {
                  label: 'fine-tuned',
                  colour: '--fine-tuned',
                  points: true,
                  dashed: true,
                  values: of('fineTuned'),
                },
              ]
            : []),
        ]}
      />
    </section>
  );
}

function accuracySummary(checkpoints: readonly Checkpoint[]): string {
  if (checkpoints.length === 0) return 'Test accuracy against training steps; no checkpoint yet.';
  const lines = checkpoints.map(({ iteration, dense, subnetwork, fineTuned }) => {
    const parts = [`dense ${percent(dense.figures.testAccuracy)}`];
    if (subnetwork) parts.push(`subnetwork ${percent(subnetwork.figures.testAccuracy)}`);
    if (fineTuned) parts.push(`fine-tuned ${percent(fineTuned.figures.testAccuracy)}`);
    return `step ${iteration}: ${parts.join(', ')}`;
  });
  return `Test accuracy. ${lines.join('; ')}.`;
}
