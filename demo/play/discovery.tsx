import { grouped, plural } from '../../src/text.js';
import { percent } from '../model/format.js';
import { lineThrough, type Outline, pointAt } from '../state/frontier.js';
import { Chart, type Curve } from '../view/chart.js';
import { usePage } from '../view/context.js';
import { Headline } from './headline.js';
import { LossChart } from './loss-chart.js';
import { Numbers } from './numbers.js';

/** How few neurons are enough: the curve over all sizes, and a slider along it. */
export function Discovery() {
  const page = usePage();
  const outline = page.told.value?.outline;
  return (
    <section class="card discovery" aria-labelledby="discovery-title">
      <div class="finding">
        {page.linked.value && <Linked />}
        {page.example.value && <Example />}
        <Headline />
        {outline && <Sizes outline={outline} />}
      </div>
      {outline ? <SizeChart outline={outline} /> : <LossChart height={230} />}
      {page.frontier.value && <Numbers />}
    </section>
  );
}

/** Nobody has checked what a link says but whoever made it. */
function Linked() {
  return (
    <p class="linked">
      <b>From a link, not run here.</b> Whoever made it says this. Press Play to find out yourself.
    </p>
  );
}

/** Something to drag at once, which nobody takes for what this machine found. */
function Example() {
  return (
    <p class="linked">
      <b>From an earlier run, on another machine.</b> A <i>dense</i> network learned, its best
      neurons were picked one by one, and every size was tried on digits that none had seen. Press
      Play to do it here.
    </p>
  );
}

/** The slider over the sizes, and the switch for fine-tuning. */
function Sizes({ outline }: { readonly outline: Outline }) {
  const page = usePage();
  const { points } = outline;
  const point = pointAt(outline, page.dragged.value);
  const at = point ? points.indexOf(point) : 0;
  const { fineTune } = page.session.play.value?.config ?? page.settings.value;
  const width = point?.width ?? 0;
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
          page.dragged.value = points[currentTarget.valueAsNumber]?.width;
        }}
      />
      {fineTune > 0 && (
        <label class="check">
          <input
            type="checkbox"
            name="tuned"
            checked={page.tuned.value}
            disabled={!outline.tunable}
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

function SizeChart({ outline }: { readonly outline: Outline }) {
  const page = usePage();
  const point = pointAt(outline, page.dragged.value);
  const { points, asPicked, fromScratch, yardstick, dense, denseRefitted, tuned } = outline;
  const own = lineThrough(points);
  const x = [
    ...new Set([0, ...own.keys(), ...(asPicked?.keys() ?? []), ...fromScratch.keys()]),
  ].toSorted((a, b) => a - b);
  const along = (line: typeof own) => x.map((width) => line.get(width) ?? null);
  const level = (value: number) => x.map(() => value);
  const subnetwork = tuned ? 'fine-tuned' : 'subnetwork';
  const emphasis = (of: Outline['dense']) => (of === yardstick ? { dashed: true } : { thin: true });
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
      ...emphasis(dense),
      values: level(dense.testAccuracy),
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
    curves.push({
      label: 'dense, refitted',
      colour: '--dense',
      ...emphasis(denseRefitted),
      values,
    });
  }
  return (
    <Chart
      summary={summaryOf(outline)}
      xLabel="neurons kept"
      height={260}
      x={x}
      xRange={[0, x.at(-1) ?? 1]}
      percent
      mark={point?.width}
      spot={point?.testAccuracy}
      curves={curves}
      onDrag={(width) => {
        page.dragged.value = pointAt(outline, Math.round(width))?.width;
      }}
    />
  );
}

function summaryOf({ points, yardstick }: Outline): string {
  const ends = [points[0], points.at(-1)].flatMap((point) =>
    point ? `${percent(point.testAccuracy)} with ${plural(point.width, 'neuron')}` : [],
  );
  return `Test accuracy against neurons: from ${ends.join(' to ')}. The dense network gets ${percent(yardstick.testAccuracy)} with ${grouped(yardstick.width)}.`;
}
