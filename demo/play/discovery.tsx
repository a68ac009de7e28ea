import { grouped, plural } from '../../src/text.js';
import { percent } from '../model/format.js';
import { type Frontier, type Line, pointAt } from '../state/frontier.js';
import { Chart, type Curve } from '../view/chart.js';
import { usePage } from '../view/context.js';
import { Headline } from './headline.js';
import { LossChart } from './loss-chart.js';
import { Numbers } from './numbers.js';

/** How few neurons are enough: the curve over all sizes, and a slider along it. */
export function Discovery() {
  const page = usePage();
  const frontier = page.frontier.value;
  return (
    <section class="card discovery" aria-labelledby="discovery-title">
      <div class="finding">
        <Headline />
        {frontier && <Sizes frontier={frontier} />}
      </div>
      {frontier ? <SizeChart frontier={frontier} /> : <LossChart height={230} />}
      {frontier && <Numbers />}
    </section>
  );
}

/** The slider over the sizes, and the switch for fine-tuning. */
function Sizes({ frontier }: { readonly frontier: Frontier }) {
  const page = usePage();
  const point = page.size.value;
  const { points } = frontier;
  const at = point ? points.indexOf(point) : 0;
  const { fineTune } = page.session.play.value?.config ?? page.settings.value;
  const width = point?.network.width ?? 0;
  return (
    <div class="sizes">
      <label for="neurons">
        Drag: keep <output for="neurons">{plural(width, 'neuron')}</output>
      </label>
      <input
        id="neurons"
        name="neurons"
        type="range"
        min={0}
        max={points.length - 1}
        step={1}
        value={at}
        aria-valuetext={point && `${plural(width, 'neuron')}, ${percent(point.testAccuracy)} right`}
        onInput={({ currentTarget }) => {
          page.dragged.value = points[currentTarget.valueAsNumber]?.network.width;
        }}
      />
      {fineTune > 0 && (
        <label class="check">
          <input
            type="checkbox"
            name="tuned"
            checked={page.tuned.value}
            disabled={!frontier.denseTuned}
            onChange={({ currentTarget }) => {
              page.tuned.value = currentTarget.checked;
            }}
          />
          Fine-tune all by {grouped(fineTune)} more steps
        </label>
      )}
    </div>
  );
}

function SizeChart({ frontier }: { readonly frontier: Frontier }) {
  const page = usePage();
  const point = page.size.value;
  const { points, asPicked, fromScratch, yardstick, denseRefitted } = frontier;
  const own: Line = new Map(points.map((each) => [each.network.width, each.testAccuracy]));
  const x = [
    ...new Set([0, ...own.keys(), ...(asPicked?.keys() ?? []), ...fromScratch.keys()]),
  ].toSorted((a, b) => a - b);
  const along = (line: Line) => x.map((width) => line.get(width) ?? null);
  const level = (value: number) => x.map(() => value);
  const tuned = yardstick !== frontier.dense;
  const subnetwork = tuned ? 'fine-tuned' : 'subnetwork';
  const curves: Curve[] = [
    {
      label: asPicked ? 'subnetwork, refitted' : subnetwork,
      colour: `--${subnetwork}`,
      points: tuned,
      values: along(own),
    },
    {
      label: tuned ? 'dense, as many steps' : 'dense, all its neurons',
      colour: '--dense',
      dashed: true,
      values: level(yardstick.testAccuracy),
    },
  ];
  if (fromScratch.size > 0) {
    const values = along(fromScratch);
    curves.push({ label: 'that size from scratch', colour: '--scratch', points: true, values });
  }
  if (asPicked) {
    const values = along(asPicked);
    curves.push({ label: 'not refitted', colour: '--subnetwork', thin: true, values });
  }
  if (denseRefitted) {
    const values = level(denseRefitted.testAccuracy);
    curves.push({ label: 'dense, refitted', colour: '--dense', thin: true, values });
  }
  return (
    <Chart
      summary={summaryOf(frontier)}
      xLabel="neurons kept"
      height={260}
      x={x}
      xRange={[0, x.at(-1) ?? 1]}
      percent
      mark={point?.network.width}
      spot={point?.testAccuracy}
      curves={curves}
      onDrag={(width) => {
        page.dragged.value = pointAt(frontier, Math.round(width))?.network.width;
      }}
    />
  );
}

function summaryOf({ points, yardstick }: Frontier): string {
  const ends = [points[0], points.at(-1)].flatMap((point) =>
    point ? `${percent(point.testAccuracy)} with ${plural(point.network.width, 'neuron')}` : [],
  );
  return `Test accuracy against neurons: from ${ends.join(' to ')}. The dense network gets ${percent(yardstick.testAccuracy)} with ${grouped(yardstick.width)}.`;
}
