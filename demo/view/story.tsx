import { useComputed, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { drawParameters, outputsOf, type Parameters } from '../../src/index.js';
import { grouped, percent, plural } from '../model/format.js';
import { type Tile, weightsAt } from '../model/paint.js';
import type { Checkpoint } from '../state/session.js';
import { Chart } from './chart.js';
import { usePage } from './context.js';
import { Digit, Mosaic } from './picture.js';
import { Result } from './result.js';

const SAMPLES = 30;
const FADED = 0.22;

/** A wider network, which only a link can ask for, is not drawn before it runs. */
const MOST_UNTRAINED = 2048;

const QUESTIONS = {
  digits: 'which digit is it?',
  'below-five': 'is it below five?',
  parity: 'is it even?',
} as const;

/** From left to right: data, dense network, pruning, subnetwork, result. */
export function Story() {
  const learned = useSignal(true);
  return (
    <section class="story" aria-label="From the data to the subnetwork">
      <DataCard />
      <DenseCard learned={learned.value} onLearned={(value) => (learned.value = value)} />
      <PruneCard />
      <SubnetworkCard learned={learned.value} />
      <Card number={5} name="result" title="Result">
        <Result />
      </Card>
    </section>
  );
}

interface CardProps {
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly children: ComponentChildren;
}

function Card({ number, name, title, children }: CardProps) {
  return (
    <section class={`card ${name}`} aria-labelledby={`${name}-title`}>
      <h2 id={`${name}-title`}>
        <span class="number">{number}</span> {title}
      </h2>
      {children}
    </section>
  );
}

function DataCard() {
  const page = usePage();
  const source = page.source.value;
  const { task, examples } = page.settings.value;
  const images = source?.train;
  return (
    <Card number={1} name="data" title="Data">
      <p class="about">
        <b>{plural(examples, 'handwritten digit')}</b> and one question: <i>{QUESTIONS[task]}</i>
      </p>
      <div class="digits" role="img" aria-label="Some of the handwritten digits">
        {images &&
          Array.from({ length: Math.min(SAMPLES, images.count) }, (_, index) => (
            <Digit key={index} images={images} index={index} label="" />
          ))}
      </div>
      {source && (
        <p class="note">{grouped(source.test.count)} others are kept back to test with.</p>
      )}
    </Card>
  );
}

interface LearnedProps {
  readonly learned: boolean;
}

function DenseCard({
  learned,
  onLearned,
}: LearnedProps & { readonly onLearned: (learned: boolean) => void }) {
  const page = usePage();
  const view = page.view.value;
  const images = page.source.value?.train;
  const untrained = useComputed(() => untrainedNetwork(page));
  const first = page.session.checkpoints.value[0]?.dense.network;
  const network = view?.dense.network ?? untrained.value;
  const trained = view !== undefined && view.iteration > 0;
  const before = learned && trained ? first : undefined;
  const tiles = useTiles(network, before, view?.subnetwork?.selection.selected);
  const losses = page.session.losses.value;
  const iterations = page.session.play.value?.config.iterations ?? page.settings.value.iterations;
  const last = losses.at(-1);
  return (
    <Card number={2} name="dense" title="Dense network">
      <p class="about">
        <b>{plural(network?.width ?? 0, 'neuron')}</b>, each drawn as what it looks for:{' '}
        <span class="above">orange</span> ink speaks for it, <span class="below">blue</span>{' '}
        against.
      </p>
      {network && images && (
        <Mosaic
          tiles={tiles}
          size={images}
          label={`The weights of ${plural(network.width, 'neuron')} of the dense network${
            view?.subnetwork ? '; those picked stand out' : ''
          }`}
        />
      )}
      <p class="note">
        {trained ? (
          <label class="check">
            <input
              type="checkbox"
              name="learned"
              checked={learned}
              onChange={({ currentTarget }) => onLearned(currentTarget.checked)}
            />
            Show only what training changed
          </label>
        ) : (
          'Random before training.'
        )}
      </p>
      <Chart
        summary={
          last
            ? `Training loss: ${last[1].toPrecision(3)} at step ${last[0]}.`
            : 'Training loss; no steps yet.'
        }
        xLabel="training step"
        height={140}
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
    </Card>
  );
}

function untrainedNetwork({
  settings,
  source,
}: ReturnType<typeof usePage>): Parameters | undefined {
  const images = source.value?.train;
  if (!images) return undefined;
  const { width, activation, task, seed } = settings.value;
  if (width > MOST_UNTRAINED) return undefined;
  const inputs = images.rows * images.columns + 1;
  return drawParameters({ width, inputs, outputs: outputsOf(task), activation }, seed);
}

function useTiles(
  network: Parameters | undefined,
  before: Parameters | undefined,
  selected: Uint32Array | undefined,
): readonly Tile[] {
  const memo = useSignal<{ key: readonly unknown[]; tiles: readonly Tile[] }>({
    key: [],
    tiles: [],
  });
  const key = [network, before, selected];
  const known = memo.peek();
  if (known.key.length === key.length && key.every((part, i) => part === known.key[i])) {
    return known.tiles;
  }
  const picked = selected && new Set(selected);
  const tiles = Array.from(
    { length: network?.width ?? 0 },
    (_, neuron): Tile => ({
      weights: network
        ? weightsAt(network.hidden, network.inputs, neuron, before?.hidden)
        : new Float32Array(),
      opacity: !picked || picked.has(neuron) ? 1 : FADED,
    }),
  );
  memo.value = { key, tiles };
  return tiles;
}

function PruneCard() {
  const page = usePage();
  const view = page.view.value;
  const { neurons } = page.session.play.value?.config ?? page.settings.value;
  const picks = view?.subnetwork?.selection.loss;
  const x = Array.from({ length: picks?.length ?? 0 }, (_, k) => k + 1);
  const first = page.session.checkpoints.value[0];
  const early = first && first !== view ? first.subnetwork?.selection.loss : undefined;
  const dense = view?.dense.figures.trainingLoss;
  return (
    <Card number={3} name="prune" title="Prune">
      <p class="about">
        Start from nothing. Add the one neuron that <b>lowers the error most</b>. Again, up to{' '}
        {plural(neurons, 'pick')}.
      </p>
      <Chart
        summary={
          picks && dense !== undefined
            ? `Error of the subnetwork falls from ${(picks[0] ?? 0).toPrecision(3)} with one pick to ${(picks.at(-1) ?? 0).toPrecision(3)} with ${picks.length}; the dense network has ${dense.toPrecision(3)}.`
            : 'Error against picks; nothing picked yet.'
        }
        xLabel="neurons picked"
        height={250}
        x={x}
        xRange={[0, Math.max(2, neurons)]}
        curves={[
          { label: 'subnetwork', colour: '--subnetwork', values: picks ? [...picks] : [] },
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
  if (view.iteration === 0) {
    return 'Before any training no choice of neurons is good: pre-training matters.';
  }
  const { neurons, passes } = subnetwork.selection;
  const share = percent(neurons.length / dense.figures.neurons);
  return `${share} of the neurons, found in ${plural(passes, 'pass', 'passes')} over the data.`;
}

function SubnetworkCard({ learned }: LearnedProps) {
  const page = usePage();
  const view = page.view.value;
  const selection = view?.subnetwork?.selection;
  const images = page.source.value?.train;
  const first = page.session.checkpoints.value[0]?.dense.network;
  const before = learned && view && view.iteration > 0 ? first : undefined;
  const counts = new Map<number, number>();
  for (const neuron of selection?.selected ?? []) {
    counts.set(neuron, (counts.get(neuron) ?? 0) + 1);
  }
  const repeated = [...counts.values()].filter((count) => count > 1).length;
  return (
    <Card number={4} name="subnetwork" title="Subnetwork">
      <p class="about">
        {selection ? (
          <>
            <b>{plural(counts.size, 'neuron')}</b> in order of picking.{' '}
            {repeated > 0 ? '×2 was picked twice and weighs twice.' : 'Each was picked once.'}
          </>
        ) : (
          'The picked neurons make a small network of their own.'
        )}
      </p>
      {view?.subnetwork && images ? (
        <ol class="picks" key={view.iteration} style={{ '--tile': tileOf(counts.size) }}>
          {[...counts].map(([neuron, count], place) => (
            <Pick
              key={neuron}
              network={view.dense.network}
              before={before}
              neuron={neuron}
              count={count}
              place={place}
              size={images}
            />
          ))}
        </ol>
      ) : (
        <div class="ghosts" aria-hidden="true">
          {Array.from({ length: 20 }, (_, place) => (
            <span key={place} class="ghost" />
          ))}
        </div>
      )}
    </Card>
  );
}

/** Tiles small enough for the card to stay about as tall as its neighbours. */
function tileOf(picks: number): string {
  if (picks <= 50) return '34px';
  return picks <= 100 ? '24px' : '17px';
}

interface PickProps {
  readonly network: Parameters;
  readonly before: Parameters | undefined;
  readonly neuron: number;
  readonly count: number;
  readonly place: number;
  readonly size: { readonly rows: number; readonly columns: number };
}

function Pick({ network, before, neuron, count, place, size }: PickProps) {
  const weights = weightsAt(network.hidden, network.inputs, neuron, before?.hidden);
  const times = count > 1 ? `, picked ${count} times` : '';
  return (
    <li style={{ '--place': place }} title={`Neuron ${neuron}${times}`}>
      <Mosaic tiles={[{ weights, opacity: 1 }]} size={size} label={`Neuron ${neuron}${times}`} />
      {count > 1 && (
        <span class="times" aria-hidden="true">
          ×{count}
        </span>
      )}
    </li>
  );
}
