import { useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { TwoLayerParameters } from '../../src/index.js';
import { plural } from '../../src/text.js';
import { weightsAt } from '../model/paint.js';
import { usePage } from '../view/context.js';
import { Card } from './card.js';
import { initialNetwork, plannedNetwork } from './initial-network.js';
import { Mosaic } from './picture.js';

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
  const pictures = useMemo(() => neuronPictures(network, before), [network, before]);
  const kept = view?.subnetwork?.selection.kept;
  const size = page.size.value?.network.width;
  const shown = useMemo(() => kept && new Set(kept.subarray(0, size)), [kept, size]);
  const width = network?.width ?? page.settings.value.width;
  return (
    <Card number={2} name="dense" title="Dense network">
      <p class="about">
        <i>Dense</i> means that none of its <b>{plural(width, 'neuron')}</b> is left out. Each is
        drawn as what it looks for in a digit: ink where it is <span class="above">orange</span>{' '}
        speaks for it, ink where it is <span class="below">blue</span> against.
      </p>
      {network && images && (
        <Mosaic
          pictures={pictures}
          size={images}
          shown={shown}
          chosen={page.neuron.value ?? kept?.[0]}
          onChoose={(neuron) => {
            page.neuron.value = neuron;
          }}
          label={`The weights of ${plural(width, 'neuron')} of the dense network${
            shown ? `; the ${shown.size} that are kept stand out` : ''
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
    </Card>
  );
}

function neuronPictures(
  network: TwoLayerParameters | undefined,
  before: TwoLayerParameters | undefined,
): readonly Float32Array[] {
  return Array.from({ length: network?.width ?? 0 }, (_, neuron) =>
    network
      ? weightsAt(network.hidden, network.inputs, neuron, before?.hidden)
      : new Float32Array(),
  );
}
