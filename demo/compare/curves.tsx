import { CONTENDERS, type Contender } from '../../src/index.js';
import { Chart, type Curve } from '../view/chart.js';
import { METHODS } from './methods.js';
import type { Comparing, Subject } from './state.js';

interface CurvesProps {
  readonly comparing: Comparing;
  readonly subject: Subject;
  readonly size: number;
  readonly lit: Contender | undefined;
  readonly onPoint: (method: Contender | undefined) => void;
}

const DENSE = 'Dense network';

/** A chart of the training loss against neurons picked, with a curve for each method. */
export function Curves({ comparing, subject, size, lit, onPoint }: CurvesProps) {
  const outcomes = comparing.outcomes.value;
  const picks = subject.sizes.at(-1) ?? 1;
  const x = Array.from({ length: picks }, (_, k) => k + 1);
  const curves = outcomes.map(({ method, loss, rows }): Curve => {
    const at = new Map(rows.map((row) => [row.picks, row.trainingLoss]));
    return {
      label: METHODS[method].name,
      colour: METHODS[method].colour,
      points: !loss,
      values: x.map((k) => (loss ? loss[k - 1] : at.get(k)) ?? null),
    };
  });
  const dense = subject.dense.figures.trainingLoss;
  return (
    <section class="card" aria-labelledby="curves-title">
      <h2 id="curves-title">Error against neurons kept</h2>
      <p class="about">
        Lower is better: how wrong each small network is on the digits that the large one learned
        from, on a logarithmic scale.
      </p>
      <Chart
        summary={
          outcomes.length > 0
            ? `Error with ${picks} picks. ${outcomes.map(({ method, rows }) => `${METHODS[method].name}: ${rows.at(-1)?.trainingLoss.toPrecision(3)}`).join('; ')}. The dense network: ${dense.toPrecision(3)}.`
            : 'Error against neurons kept; nothing compared yet.'
        }
        xLabel="neurons picked"
        height={400}
        x={x}
        xRange={[0, Math.max(2, picks)]}
        logarithmic
        unnamed
        mark={size}
        lit={lit && METHODS[lit].name}
        onPoint={(label) =>
          onPoint(CONTENDERS.find((contender) => METHODS[contender].name === label))
        }
        curves={[
          ...curves,
          { label: DENSE, colour: '--dense', dashed: true, values: x.map(() => dense) },
        ]}
      />
    </section>
  );
}
