import { grouped } from '../../src/text.js';
import { percent, short } from '../model/format.js';
import { costs, millisecondsAt, type Point, pointsAt } from '../state/frontier.js';
import { usePage } from '../view/context.js';

/** One network in a column of the table. */
interface Column {
  readonly name: string;
  readonly look: string;
  readonly point: Point;
  /** Of training, all in all. */
  readonly steps: number;
}

/** The size that was dragged to beside the dense network, in figures. */
export function Numbers() {
  const page = usePage();
  const checkpoint = page.checkpoint.value;
  const point = page.size.value;
  if (!checkpoint || !point) return null;
  const { subnetwork, fineTuned } = pointsAt(checkpoint, point.network.width);
  const { iteration, dense, denseFineTuned } = checkpoint;
  const { fineTune } = page.session.play.value?.config ?? page.settings.value;
  const outline = page.frontier.value;
  const longer = outline?.tuned ? denseFineTuned : undefined;
  const { network, figures } = longer ?? dense;
  const more = iteration + fineTune;
  const columns: readonly Column[] = [
    {
      ...{ name: 'Dense', look: 'dense', point: { network, ...figures } },
      steps: longer ? more : iteration,
    },
    ...(subnetwork
      ? [{ name: 'Subnet', look: 'subnetwork', point: subnetwork, steps: iteration }]
      : []),
    ...(fineTuned
      ? [{ name: 'Fine-tuned', look: 'fine-tuned', point: fineTuned, steps: more }]
      : []),
  ];
  const times = page.session.times.value;
  const rows: readonly (readonly [name: string, value: (point: Point) => string])[] = [
    ['Right answers', ({ testAccuracy }) => percent(testAccuracy)],
    ['Error', ({ trainingLoss }) => trainingLoss.toFixed(3)],
    ['Neurons', (each) => grouped(each.network.width)],
    ['Parameters', (each) => short(costs(each).parameters)],
    ['FLOPs', (each) => short(costs(each).flopsPerExample)],
    ['Milliseconds', (each) => milliseconds(millisecondsAt(times, each.network.width))],
  ];
  const tested = page.subject.value?.test.count ?? 0;
  return (
    <div class="result">
      <table class="numbers">
        <thead>
          <tr>
            <td />
            {columns.map(({ name, look }) => (
              <th key={name} scope="col" class={look}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Steps</th>
            {columns.map(({ name, look, steps }) => (
              <td key={name} class={look}>
                {grouped(steps)}
              </td>
            ))}
          </tr>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {columns.map((column) => (
                <td key={column.name} class={column.look}>
                  {value(column.point)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="note">
        {outline?.denseRefitted &&
          `The subnet is refitted: its output weights are fitted to the digits anew. Refitted alike, the dense network gets ${percent(outline.denseRefitted.testAccuracy)} right. `}
        Milliseconds: for all {grouped(tested)} test digits, here. There are other ways to choose
        neurons. <a href={page.viewHash('compare')}>Compare them</a>
      </p>
    </div>
  );
}

function milliseconds(time: number | undefined): string {
  if (time === undefined) return '…';
  return time < 100 ? time.toPrecision(2) : grouped(Math.round(time));
}
