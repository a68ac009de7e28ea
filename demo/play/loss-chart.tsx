import { Chart } from '../view/chart.js';
import { usePage } from '../view/context.js';

/** The error of the dense network while it is trained. */
export function LossChart({ height }: { readonly height: number }) {
  const page = usePage();
  const losses = page.session.losses.value;
  const iterations = page.session.play.value?.config.iterations ?? page.settings.value.iterations;
  const last = losses.at(-1);
  return (
    <Chart
      summary={
        last
          ? `Training loss: ${last[1].toPrecision(3)} at step ${last[0]}.`
          : 'Training loss; no steps yet.'
      }
      xLabel="training step"
      height={height}
      x={losses.map(([step]) => step)}
      xRange={[0, iterations]}
      curves={[
        {
          label: 'error while training',
          colour: '--dense',
          values: losses.map(([, loss]) => loss),
        },
      ]}
    />
  );
}
