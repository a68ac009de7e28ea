import { atEqualSteps, type Contestant, type Figures } from '../../src/index.js';
import { grouped } from '../../src/text.js';
import { percent, short } from '../model/format.js';
import type { Checkpoint } from '../state/session.js';
import { usePage } from '../view/context.js';

/** How much smaller the subnetwork is than the dense network, and how much worse. */
export function Result() {
  const page = usePage();
  const view = page.checkpoint.value;
  const { dense, subnetwork, fineTuned } = view ?? {};
  const best = fineTuned ?? subnetwork;
  if (!dense || !best) {
    return (
      <>
        <p class="headline unknown">
          <b>?</b> of the size
        </p>
        <p class="about">How small can it be, and still answer as well as the dense network?</p>
      </>
    );
  }
  const columns: readonly (readonly [name: string, look: string, figures: Figures])[] = [
    ['Dense', 'dense', dense.figures],
    ...(subnetwork ? [['Subnet', 'subnetwork', subnetwork.figures] as const] : []),
    ...(fineTuned ? [['Fine-tuned', 'fine-tuned', fineTuned.figures] as const] : []),
  ];
  const rows: readonly (readonly [name: string, value: (figures: Figures) => string])[] = [
    ['Right answers', ({ testAccuracy }) => percent(testAccuracy)],
    ['Error', ({ trainingLoss }) => trainingLoss.toFixed(3)],
    ['Neurons', ({ width }) => grouped(width)],
    ['Parameters', ({ parameters }) => short(parameters)],
    ['FLOPs', ({ flopsPerExample }) => short(flopsPerExample)],
  ];
  return (
    <>
      <p class="headline">
        <b>{Math.round((100 * best.figures.parameters) / dense.figures.parameters)}%</b> of the size
      </p>
      <p class="verdict">{verdict(view, dense.figures, best.figures)}</p>
      <Lengths dense={dense.figures} best={best.figures} />
      <table class="numbers">
        <thead>
          <tr>
            <td />
            {columns.map(([name, look]) => (
              <th key={name} scope="col" class={look}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {columns.map(([column, look, figures]) => (
                <td key={column} class={look}>
                  {value(figures)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="note">
        There are other ways to choose. <a href={page.viewHash('compare')}>Compare them</a>
      </p>
    </>
  );
}

const CONTESTANTS: Readonly<Record<Contestant, string>> = {
  dense: 'the dense network',
  subnetwork: 'this one',
  fromScratch: 'one of this size from scratch',
};

function verdict(view: Checkpoint | undefined, dense: Figures, best: Figures): string {
  const { subnetwork, fineTuned, denseFineTuned, fromScratch } = view ?? {};
  if (view?.iteration === 0) {
    return `But nothing is learned yet: the dense network gets ${percent(dense.testAccuracy)} right.`;
  }
  const equals = atEqualSteps({
    dense,
    subnetwork: subnetwork?.figures,
    fineTuned: fineTuned?.figures,
    denseFineTuned: denseFineTuned?.figures,
    fromScratch: fromScratch?.figures,
  }).map(({ name, figures }) => `${CONTESTANTS[name]} ${percent(figures.testAccuracy)}`);
  if (equals.length > 0) {
    return `New digits right after the same steps, the best first: ${equals.join(', ')}.`;
  }
  return `It gets ${percent(best.testAccuracy)} of new digits right, the dense network ${percent(dense.testAccuracy)}.`;
}

/** The same figures as bars. Screen readers skip the bars, since the table has the figures. */
function Lengths({ dense, best }: { readonly dense: Figures; readonly best: Figures }) {
  const rows = [
    ['size', best.parameters / dense.parameters, 1],
    ['right answers', best.testAccuracy, dense.testAccuracy],
  ] as const;
  return (
    <div class="lengths" aria-hidden="true">
      {rows.map(([name, small, large]) => (
        <div key={name}>
          <p class="note">{name}</p>
          <i class="dense" style={{ width: `${100 * large}%` }} />
          <i class="fine-tuned" style={{ width: `${100 * small}%` }} />
        </div>
      ))}
    </div>
  );
}
