import { useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { TwoLayerParameters } from '../../src/index.js';
import { plural } from '../../src/text.js';
import { weightsAt } from '../model/paint.js';
import { usePage } from '../view/context.js';
import { Card } from './card.js';
import { initialNetwork } from './initial-network.js';
import { Mosaic } from './picture.js';

interface SubnetworkCardProps {
  /** Draws the change of the weights by training instead of the weights. */
  readonly learned: boolean;
}

export function SubnetworkCard({ learned }: SubnetworkCardProps) {
  const page = usePage();
  const view = page.checkpoint.value;
  const selection = view?.subnetwork?.selection;
  const images = page.subject.value?.train;
  const first = useComputed(() => initialNetwork(page)).value;
  const before = learned && view && view.iteration > 0 ? first : undefined;
  const counts = new Map<number, number>();
  for (const neuron of selection?.selected ?? []) {
    counts.set(neuron, (counts.get(neuron) ?? 0) + 1);
  }
  const size = page.size.value?.network.width ?? counts.size;
  const { method, rule } = page.session.play.value?.config ?? page.settings.value;
  const weighted = method === 'greedy' && rule !== 'average';
  const repeated = [...counts.values()].filter((count) => count > 1).length;
  return (
    <Card number={5} name="subnetwork" title="Subnetwork">
      <p class="about">
        {selection ? (
          <>
            <b>{plural(size, 'neuron')}</b> in order of picking; the fainter ones are left out.{' '}
            {weighted
              ? 'Each has a weight of its own.'
              : repeated > 0
                ? '×2 was picked twice and counts twice.'
                : 'Each was picked once.'}
          </>
        ) : (
          'The picked neurons make a small network of their own.'
        )}
      </p>
      {view?.subnetwork && images ? (
        <ol class="picks" key={view.iteration} style={{ '--tile': tileSize(counts.size) }}>
          {[...counts].map(([neuron, count], place) => (
            <Pick
              key={neuron}
              network={view.dense.network}
              before={before}
              neuron={neuron}
              count={count}
              place={place}
              left={place >= size}
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

/** The size at which the card is about as tall as its neighbours. */
function tileSize(picks: number): string {
  if (picks <= 50) return '34px';
  return picks <= 100 ? '24px' : '17px';
}

interface PickProps {
  readonly network: TwoLayerParameters;
  readonly before: TwoLayerParameters | undefined;
  readonly neuron: number;
  readonly count: number;
  readonly place: number;
  /** Whether it is left out of the size that is shown. */
  readonly left: boolean;
  readonly size: { readonly rows: number; readonly columns: number };
}

function Pick({ network, before, neuron, count, place, left, size }: PickProps) {
  const page = usePage();
  const pictures = useMemo(
    () => [weightsAt(network.hidden, network.inputs, neuron, before?.hidden)],
    [network, before, neuron],
  );
  const times = count > 1 ? `, picked ${count} times` : '';
  return (
    <li style={{ '--place': place }} class={left ? 'left' : ''}>
      <button
        type="button"
        tabIndex={-1}
        title={`Neuron ${neuron}${times}`}
        onClick={() => {
          page.neuron.value = neuron;
        }}
      >
        <Mosaic pictures={pictures} size={size} label={`Neuron ${neuron}${times}`} />
        {count > 1 && (
          <span class="times" aria-hidden="true">
            ×{count}
          </span>
        )}
      </button>
    </li>
  );
}
