import { useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { drawParameters, outputsOf, type Parameters } from '../../src/index.js';
import { plural } from '../../src/text.js';
import { type Tile, weightsAt } from '../model/paint.js';
import { Card } from './card.js';
import { Chart } from './chart.js';
import { usePage } from './context.js';
import { Mosaic } from './picture.js';

/** How much of a neuron's colour is left when it was not picked. */
const FADED = 0.22;

/** A wider network, which only a link can ask for, is not drawn before it runs. */
const MOST_UNTRAINED = 2048;

interface DenseCardProps {
  /** Draw what training has changed instead of the weights. */
  readonly learned: boolean;
  readonly onLearned: (learned: boolean) => void;
}

export function DenseCard({ learned, onLearned }: DenseCardProps) {
  const page = usePage();
  const view = page.checkpoint.value;
  const images = page.subject.value?.train;
  const untrained = useComputed(() => untrainedNetwork(page));
  const first = page.session.checkpoints.value[0]?.dense.network;
  const network = view?.dense.network ?? untrained.value;
  const trained = view !== undefined && view.iteration > 0;
  const before = learned && trained ? first : undefined;
  const selected = view?.subnetwork?.selection.selected;
  const tiles = useMemo(() => tilesOf(network, before, selected), [network, before, selected]);
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

function tilesOf(
  network: Parameters | undefined,
  before: Parameters | undefined,
  selected: Uint32Array | undefined,
): readonly Tile[] {
  if (!network) return [];
  const picked = selected && new Set(selected);
  return Array.from({ length: network.width }, (_, neuron) => ({
    weights: weightsAt(network.hidden, network.inputs, neuron, before?.hidden),
    opacity: !picked || picked.has(neuron) ? 1 : FADED,
  }));
}
