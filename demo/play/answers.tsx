import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { taskClass } from '../../src/data/tasks.js';
import type { LabelledImages, Task, TwoLayerParameters } from '../../src/index.js';
import { answerFromOutputs, inputAt, outputsAt, spell } from '../model/answer.js';
import { pointsAt } from '../state/frontier.js';
import type { Page } from '../state/page.js';
import { usePage } from '../view/context.js';
import { Digit } from './picture.js';

const ROW = 10;
const SHOWN = 2 * ROW;

/** The dense network, and the subnetworks of the size that is shown, with their names. */
export function shownNetworks({ checkpoint, size }: Pick<Page, 'checkpoint' | 'size'>) {
  const found: (readonly [name: string, look: string, network: TwoLayerParameters])[] = [];
  const view = checkpoint.value;
  if (!view) return found;
  found.push(['Dense', 'dense', view.dense.network]);
  const { subnetwork, fineTuned } = pointsAt(view, size.value?.network.width);
  if (subnetwork) found.push(['Subnetwork', 'subnetwork', subnetwork.network]);
  if (fineTuned) found.push(['Fine-tuned', 'fine-tuned', fineTuned.network]);
  return found;
}

/** The answers of each network to test digits. */
export function Answers() {
  const page = usePage();
  const first = useSignal(0);
  const test = page.subject.value?.test;
  if (!test) return null;
  const from = (offset: number) =>
    Array.from({ length: ROW }, (_, i) => (first.value + offset + i) % test.count);
  return (
    <section class="card answers" aria-labelledby="answers-title">
      <h2 id="answers-title">New digits</h2>
      <p class="about">None of these was trained on. A wrong answer is crossed out.</p>
      <Row test={test} indices={from(0)} />
      <Row test={test} indices={from(ROW)} />
      <button
        type="button"
        onClick={() => {
          first.value = (first.value + SHOWN) % test.count;
        }}
      >
        Other digits
      </button>
    </section>
  );
}

interface RowProps {
  readonly test: LabelledImages;
  readonly indices: readonly number[];
}

function Row({ test, indices }: RowProps) {
  const page = usePage();
  const { task } = page.session.play.value?.settings ?? page.settings.value;
  const networks = shownNetworks(page);
  return (
    <table>
      <thead>
        <tr>
          <th scope="row">Digit</th>
          {indices.map((index) => (
            <th key={index} scope="col">
              <Digit images={test} index={index} label={`A handwritten ${test.labels[index]}`} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {networks.map(([name, look, network]) => (
          <tr key={name} class={look}>
            <th scope="row">{name}</th>
            <Cells network={network} task={task} test={test} indices={indices} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface CellsProps extends RowProps {
  readonly network: TwoLayerParameters;
  readonly task: Task;
}

function Cells({ network, task, test, indices }: CellsProps) {
  const [first = 0] = indices;
  const answers = useMemo(
    () => indices.map((index) => answerFromOutputs(outputsAt(network, inputAt(test, index)))),
    [network, test, first],
  );
  return (
    <>
      {indices.map((index, place) => {
        const answer = answers[place] ?? 0;
        const text = spell(task, answer);
        const right = answer === taskClass(task, test.labels[index] ?? 0);
        return (
          <td key={index}>
            {right ? text : <s>{text}</s>}
            {!right && <span class="hidden">, wrong</span>}
          </td>
        );
      })}
    </>
  );
}
