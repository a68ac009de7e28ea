import { useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { TwoLayerParameters } from '../../src/index.js';
import { plural } from '../../src/text.js';
import { type Tile, weightsAt } from '../model/paint.js';
import { Chart } from '../view/chart.js';
import { usePage } from '../view/context.js';
import { Card } from './card.js';
import { initialNetwork, plannedNetwork } from './initial-network.js';
import { Mosaic } from './picture.js';

/** Opacity of neurons that were not picked. */
const FADED = 0.22;

interface DenseCardProps {
  /** Draws the change of the weights by training instead of the weights. */
  readonly learned: boolean;
  readonly onLearned: (learned: boolean) => void;
}

export function DenseCard({ learned, onLearned }: DenseCardProps) {
  const page = usePage();
  const view = page.checkpoint.value;
  const images = page.subject.value?.train;
  const untrained = useComputed(() => plannedNetwork(page));
  const first = useComputed(() => initialNetwork(page)).value;
  const network = view?.dense.network ?? untrained.value;
  const trained = view !== undefined && view.iteration > 0;
  const before = learned && trained ? first : undefined;
  const selected = view?.subnetwork?.selection.selected;
  const tiles = useMemo(() => neuronTiles(network, before, selected), [network, before, selected]);
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

function neuronTiles(
  network: TwoLayerParameters | undefined,
  before: TwoLayerParameters | undefined,
  selected: Uint32Array | undefined,
): readonly Tile[] {
  if (!network) return [];
  const picked = selected && new Set(selected);
  return Array.from({ length: network.width }, (_, neuron) => ({
    weights: weightsAt(network.hidden, network.inputs, neuron, before?.hidden),
    opacity: !picked || picked.has(neuron) ? 1 : FADED,
  }));
}
