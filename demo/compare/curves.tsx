import { CONTENDERS, type Contender } from '../../src/index.js';
import { Chart, type Curve } from '../view/chart.js';
import type { Measure, Stage } from './measures.js';
import { METHODS } from './methods.js';
import type { Comparing } from './state.js';
import type { Subject } from './subject.js';

interface CurvesProps {
  readonly comparing: Comparing;
  readonly subject: Subject;
  readonly stage: Stage;
  readonly measure: Measure;
  readonly size: number;
  readonly lit: Contender | undefined;
  readonly onPoint: (method: Contender | undefined) => void;
}

/** A chart of a measure against neurons picked, with a curve for each method. */
export function Curves(props: CurvesProps) {
  const { comparing, subject, stage, measure, size, lit, onPoint } = props;
  const { key, show, rising } = measure;
  const outcomes = comparing.outcomes.value;
  const picks = subject.sizes.at(-1) ?? 1;
  const x = Array.from({ length: picks }, (_, k) => k + 1);
  const curves = outcomes.map(({ method, loss, rows }): Curve => {
    // Only the training loss as pruned is known after every pick.
    const each = key === 'trainingLoss' && stage.key === 'pruned' ? loss : undefined;
    const at = new Map(rows.map((row) => [row.picks, stage.at(row)?.[key]]));
    return {
      label: METHODS[method].name,
      colour: METHODS[method].colour,
      points: !each,
      values: x.map((k) => (each ? each[k - 1] : at.get(k)) ?? null),
    };
  });
  const figures = comparing.dense.value;
  const dense = figures && stage.dense(figures)?.[key];
  const told = outcomes.flatMap(({ method, rows }) => {
    const last = rows.at(-1);
    const value = last && stage.at(last)?.[key];
    return value === undefined ? [] : [`${METHODS[method].name}: ${show(value)}`];
  });
  return (
    <section class="card" aria-labelledby="curves-title">
      <h2 id="curves-title">{measure.title}</h2>
      <p class="about">{measure.about}</p>
      <Chart
        summary={
          told.length > 0
            ? `${measure.title}, ${stage.name.toLowerCase()}. With ${picks} picks: ${told.join('; ')}.${dense === undefined ? '' : ` The dense network: ${show(dense)}.`}`
            : `${measure.title}; nothing compared yet.`
        }
        xLabel="neurons picked"
        height={400}
        x={x}
        xRange={[0, Math.max(2, picks)]}
        logarithmic={!rising}
        percent={rising}
        unnamed
        mark={size}
        lit={lit && METHODS[lit].name}
        onPoint={(label) =>
          onPoint(CONTENDERS.find((contender) => METHODS[contender].name === label))
        }
        curves={[
          ...curves,
          ...(dense === undefined
            ? []
            : [
                {
                  label: 'Dense network',
                  colour: '--dense',
                  dashed: true,
                  values: x.map(() => dense),
                },
              ]),
        ]}
      />
    </section>
  );
}
