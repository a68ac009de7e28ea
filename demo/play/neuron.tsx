import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { taskClass } from '../../src/data/tasks.js';
import type { Images, LabelledImages, Task, TwoLayerParameters } from '../../src/index.js';
import { grouped } from '../../src/text.js';
import { spell } from '../model/answer.js';
import { percent } from '../model/format.js';
import { loudest, sayings, withoutNeuron } from '../model/neuron.js';
import { weightsAt } from '../model/paint.js';
import type { Point } from '../state/frontier.js';
import { usePage } from '../view/context.js';
import { Card } from './card.js';
import { initialNetwork } from './initial-network.js';
import { Digit, Mosaic } from './picture.js';

/** Test digits on which a neuron is tried: more take a moment that one would wait for. */
const MOST_TRIED = 500;
/** Of which it shows the one that it says most to. */
const MOST_SHOWN = 100;

interface NeuronCardProps {
  /** Draws the change of the weights by training instead of the weights. */
  readonly learned: boolean;
}

/** One neuron: what it looks for, what it says to a digit, and what is lost without it. */
export function NeuronCard({ learned }: NeuronCardProps) {
  const page = usePage();
  const first = useComputed(() => initialNetwork(page)).value;
  const view = page.checkpoint.value;
  const test = page.subject.value?.test;
  const network = view?.dense.network;
  const kept = view?.subnetwork?.selection.kept;
  const point = page.size.value;
  const neuron = Math.min(page.neuron.value ?? kept?.[0] ?? 0, (network?.width ?? 1) - 1);
  if (!network || !test) {
    return (
      <Card number={3} name="neuron" title="One neuron">
        <p class="about">
          A neuron lays its picture over the digit. The more ink falls on orange and the less on
          blue, the more it says; and what it says is a vote for some answers and against others.
        </p>
      </Card>
    );
  }
  const place = kept?.indexOf(neuron) ?? -1;
  const stays = point && place >= 0 && place < point.network.width;
  return (
    <Card number={3} name="neuron" title={`Neuron ${grouped(neuron)}`}>
      <Votes
        network={stays ? point.network : network}
        neuron={stays ? place : neuron}
        picture={weightsAt(
          network.hidden,
          network.inputs,
          neuron,
          learned && view.iteration > 0 ? first?.hidden : undefined,
        )}
        test={test}
      />
      <p class="note">
        {place >= 0 ? `Picked as number ${place + 1}. ` : 'Never picked. '}
        {stays ? (
          <Loss point={point} place={place} test={test} />
        ) : (
          'It is left out of the size that is shown.'
        )}{' '}
        Press another in the mosaic.
      </p>
    </Card>
  );
}

interface VotesProps {
  /** The network in which the neuron votes, and its place there. */
  readonly network: TwoLayerParameters;
  readonly neuron: number;
  /** What it is drawn as. */
  readonly picture: Float32Array;
  readonly test: LabelledImages;
}

/** A digit, the neuron over it, and the votes that come of it. */
function Votes({ network, neuron, picture, test }: VotesProps) {
  const page = usePage();
  const { task } = page.session.play.value?.settings ?? page.settings.value;
  const shown = useMemo(
    () => loudest(network, neuron, { images: test, indices: firstIndices(test, MOST_SHOWN) }),
    [network, neuron, test],
  );
  const { outputs: c, output } = network;
  const votes = Array.from(
    output.subarray(neuron * c, (neuron + 1) * c),
    (weight) => weight * shown.said,
  );
  const most = Math.max(...votes.map(Math.abs)) || 1;
  return (
    <>
      <div class="chain">
        <Digit images={test} index={shown.index} label="The digit to which it says most" />
        <span aria-hidden="true">×</span>
        <Mosaic pictures={[picture]} size={test} label="What this neuron looks for" />
        <span aria-hidden="true">=</span>
        <b>{shown.said.toFixed(2)}</b>
      </div>
      <p class="about">
        {c > 1
          ? 'That is its vote for this digit: up for an answer, down against it.'
          : `That is a vote for “${spell(task, (votes[0] ?? 0) > 0 ? 1 : 0)}”.`}
      </p>
      {c > 1 && (
        <div
          class="votes"
          role="img"
          aria-label={`Votes: ${votes.map((vote, digit) => `${digit}: ${(vote / most).toFixed(1)}`).join(', ')}`}
        >
          {votes.map((vote, digit) => (
            <span key={digit} class={vote > 0 ? 'for' : 'against'}>
              <i class="pole" style={{ height: `${Math.round((45 * Math.abs(vote)) / most)}%` }} />
              <em>{digit}</em>
            </span>
          ))}
        </div>
      )}
    </>
  );
}

interface LossProps {
  readonly point: Point;
  readonly place: number;
  readonly test: LabelledImages;
}

/** How long a drag must have stopped before a neuron is tried: trying takes longer than a frame. */
const AT_REST_MILLIS = 150;

/** What the network that is shown gets right without the neuron, its other weights as they are. */
function Loss({ point: { network }, place, test }: LossProps) {
  const page = usePage();
  const { task } = page.session.play.value?.settings ?? page.settings.value;
  const found = useSignal<ReturnType<typeof withoutNeuron> | undefined>(undefined);
  useEffect(() => {
    found.value = undefined;
    const timer = setTimeout(() => {
      found.value = withoutNeuron(network, place, tried(network, test, task));
    }, AT_REST_MILLIS);
    return () => clearTimeout(timer);
  }, [network, place, test, task, found]);
  if (!found.value) return <>Trying without it…</>;
  const { before, after, all, worst } = found.value;
  return (
    <>
      Without it {percent(after / all)} of {grouped(all)} new digits are right instead of{' '}
      {percent(before / all)}
      {after >= before
        ? ': it is not missed'
        : worst && `, most of all fewer of “${spell(task, worst.answer)}”`}
      .
    </>
  );
}

function tried(network: TwoLayerParameters, test: LabelledImages, task: Task) {
  const indices = firstIndices(test, MOST_TRIED);
  const classes = Array.from(indices, (index) => taskClass(task, test.labels[index] ?? 0));
  return { said: sayings(network, test, indices), classes };
}

function firstIndices({ count }: Images, most: number): Uint32Array {
  return Uint32Array.from({ length: Math.min(count, most) }, (_, index) => index);
}
