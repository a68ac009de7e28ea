import { useSignal } from '@preact/signals';
import { grouped, plural } from '../../src/text.js';
import { usePage } from '../view/context.js';
import { Card } from './card.js';
import { DenseCard } from './dense.js';
import { NeuronCard } from './neuron.js';
import { Digit } from './picture.js';
import { PruneCard } from './prune.js';
import { SubnetworkCard } from './subnetwork.js';

const SAMPLES = 30;

const QUESTIONS = {
  digits: 'which digit is it?',
  'below-five': 'is it below five?',
  parity: 'is it even?',
} as const;

/** The five cards: data, dense network, one of its neurons, pruning, subnetwork. */
export function Story() {
  const learned = useSignal(true);
  return (
    <section class="story" aria-label="From the data to the subnetwork">
      <DataCard />
      <DenseCard learned={learned.value} onLearned={(value) => (learned.value = value)} />
      <NeuronCard learned={learned.value} />
      <PruneCard />
      <SubnetworkCard learned={learned.value} />
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
