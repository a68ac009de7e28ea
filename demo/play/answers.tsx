import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { taskClass } from '../../src/data/tasks.js';
import type { LabelledImages, Task, TwoLayerParameters } from '../../src/index.js';
import { answerFromOutputs, inputAt, outputsAt, spell } from '../model/answer.js';
import type { Checkpoint } from '../state/session.js';
import { usePage } from '../view/context.js';
import { Digit } from './picture.js';

const ROW = 10;
const SHOWN = 2 * ROW;

/** The networks that a checkpoint has so far, with their names. */
export function shownNetworks(view: Checkpoint | undefined) {
  const found: (readonly [name: string, look: string, network: TwoLayerParameters])[] = [];
  if (view) found.push(['Dense', 'dense', view.dense.network]);
  if (view?.subnetwork) found.push(['Subnetwork', 'subnetwork', view.subnetwork.network]);
  if (view?.fineTuned) found.push(['Fine-tuned', 'fine-tuned', view.fineTuned.network]);
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
  const networks = shownNetworks(page.checkpoint.value);
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
