import { useSignal } from '@preact/signals';
import type { Parameters } from '../../src/index.js';
import { answerOf, inputAt, outputsAt, spell, truthOf } from '../model/answer.js';
import type { Checkpoint } from '../state/session.js';
import { usePage } from './context.js';
import { Digit } from './picture.js';

const SHOWN = 10;

/** The networks of a checkpoint by name, those that are done. */
export function networksOf(view: Checkpoint | undefined) {
  const found: (readonly [name: string, look: string, network: Parameters])[] = [];
  if (view) found.push(['Dense', 'dense', view.dense.network]);
  if (view?.subnetwork) found.push(['Subnetwork', 'subnetwork', view.subnetwork.network]);
  if (view?.fineTuned) found.push(['Fine-tuned', 'fine-tuned', view.fineTuned.network]);
  return found;
}

/** What each network says to digits that none was trained on. */
export function Answers() {
  const page = usePage();
  const first = useSignal(0);
  const test = page.source.value?.test;
  const { task } = page.session.play.value?.settings ?? page.settings.value;
  const networks = networksOf(page.view.value);
  if (!test) return null;
  const indices = Array.from({ length: SHOWN }, (_, i) => (first.value + i) % test.count);
  return (
    <section class="card answers" aria-labelledby="answers-title">
      <h2 id="answers-title">New digits</h2>
      <p class="about">None of these was trained on. A wrong answer is crossed out.</p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="row">Digit</th>
              {indices.map((index) => (
                <th key={index} scope="col">
                  <Digit
                    images={test}
                    index={index}
                    label={`A handwritten ${test.labels[index]}`}
                  />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {networks.map(([name, look, network]) => (
              <tr key={name} class={look}>
                <th scope="row">{name}</th>
                {indices.map((index) => {
                  const answer = answerOf(outputsAt(network, inputAt(test, index)));
                  const right = answer === truthOf(task, test.labels[index] ?? 0);
                  const text = spell(task, answer);
                  return (
                    <td key={index}>
                      {right ? text : <s aria-label={`${text}, wrong`}>{text}</s>}
                    </td>
                  );
                })}
              </tr>
            ))}
            {networks.length === 0 && (
              <tr>
                <th scope="row">Answers</th>
                <td colSpan={SHOWN} class="note">
                  after you press Play
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
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
