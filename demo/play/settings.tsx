import { fineTuneRate } from '../../src/index.js';
import { grouped } from '../../src/text.js';
import { configFromSettings, defaultsFor, type Settings, sameSettings } from '../state/settings.js';
import { LABELS } from '../state/wording.js';
import { usePage } from '../view/context.js';
import { Check, Seed, Select, Slider } from '../view/control.js';

const STEPS = {
  examples: [100, 200, 500, 1000, 1500, 2000, 5000, 10_000, 20_000, 60_000],
  width: [16, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1024],
  iterations: [50, 100, 200, 300, 500, 1000, 2000, 5000],
  batch: [16, 32, 64, 128, 256],
  learningRate: [0.1, 0.25, 0.5, 1, 2, 4, 8],
  picks: [5, 10, 20, 30, 40, 50, 60, 80, 100, 150, 200],
  checkpoints: [1, 2, 4, 5, 8, 10],
  fineTune: [0, 30, 60, 100, 200, 500],
} as const;

const METHODS: readonly (readonly [Settings['method'], string])[] = [
  ['greedy', 'Greedy: what helps most'],
  ['backward', 'Backward: drop what helps least'],
  ['gradient', 'Largest effect on the error'],
  ['activation', 'Most active'],
  ['magnitude', 'Largest weights'],
  ['random', 'At random'],
];

/** All controls, in the order of the cards above them. */
export function SettingsPanel() {
  const page = usePage();
  const settings = page.settings.value;
  const { change } = page;
  const most = page.source.value?.train.count ?? 2000;
  const usual = { ...defaultsFor(page.adapter.value?.kind ?? 'software'), data: settings.data };
  const rate = fineTuneRate(configFromSettings(settings));
  return (
    <section class="settings" aria-labelledby="settings-title">
      <h2 id="settings-title">Try changing something</h2>
      <p class="lead">
        Then press Play again. The address of this page keeps what you choose.{' '}
        <button
          type="button"
          disabled={sameSettings(settings, usual)}
          onClick={() => change(usual)}
        >
          Restore defaults
        </button>
      </p>
      <div class="groups">
        <fieldset>
          <legend>Data</legend>
          <Select
            name="task"
            label={LABELS.task}
            hint="What the network must tell about a digit. Ten answers are harder than two."
            value={settings.task}
            options={[
              ['digits', 'Which digit is it?'],
              ['below-five', 'Is it below five?'],
              ['parity', 'Is it even?'],
            ]}
            onChange={(task) => change({ task })}
          />
          <Slider
            name="examples"
            label={LABELS.examples}
            hint="Digits to learn from. More take more training before pruning works."
            value={settings.examples}
            steps={[...STEPS.examples.filter((count) => count < most), most]}
            show={grouped}
            onChange={(examples) => change({ examples })}
          />
          <Select
            name="data"
            label={LABELS.data}
            hint={`${page.full.value ? 'The full set is an 11 MB download. ' : ''}You can also drop your own files on this page.`}
            value={settings.data}
            options={[
              ['small', 'MNIST, 3,000 digits'],
              ...(page.full.value || settings.data === 'full'
                ? ([['full', 'MNIST, all 70,000']] as const)
                : []),
              ...(settings.data === 'own' ? ([['own', 'Your files']] as const) : []),
            ]}
            onChange={(data) => change({ data })}
          />
          <Seed value={settings.seed} onChange={(seed) => change({ seed })} />
        </fieldset>
        <fieldset>
          <legend>Training</legend>
          <Slider
            name="width"
            label={LABELS.width}
            hint="Size of the dense network. A large one offers pruning more to choose from."
            value={settings.width}
            steps={STEPS.width}
            onChange={(width) => change({ width })}
          />
          <Select
            name="activation"
            label={LABELS.activation}
            hint="How a neuron turns what it sees into its answer."
            value={settings.activation}
            options={[
              ['tanh', 'tanh: −1 to 1'],
              ['sigmoid', 'sigmoid: 0 to 1'],
              ['relu', 'relu: 0 and up'],
            ]}
            onChange={(activation) => change({ activation })}
          />
          <Slider
            name="iterations"
            label={LABELS.iterations}
            hint="How long to train. Too short, and there is nothing good to find."
            value={settings.iterations}
            steps={STEPS.iterations}
            show={grouped}
            onChange={(iterations) =>
              change({
                iterations,
                pruneEvery: Math.max(1, Math.round(iterations / checkpoints())),
              })
            }
          />
          <Slider
            name="learningRate"
            label={LABELS.learningRate}
            hint="Length of a step. Small is slow, large may run away."
            value={settings.learningRate}
            steps={STEPS.learningRate}
            onChange={(learningRate) => change({ learningRate })}
          />
          <Select
            name="loss"
            label={LABELS.loss}
            hint="What training and picking try to make small."
            value={settings.loss}
            options={[
              ['squared', 'Squared error'],
              ['cross-entropy', 'Cross-entropy'],
            ]}
            onChange={(loss) => change({ loss })}
          />
          <Slider
            name="batch"
            label={LABELS.batch}
            hint="Digits looked at in one step. More make a calmer, slower step."
            value={settings.batch === 'full' ? settings.examples : settings.batch}
            steps={STEPS.batch}
            onChange={(batch) => change({ batch })}
          />
        </fieldset>
        <fieldset>
          <legend>Pruning</legend>
          <Slider
            name="picks"
            label={LABELS.picks}
            hint="How many times to pick the best neuron. Fewer give a smaller network."
            value={settings.picks}
            steps={STEPS.picks.filter((picks) => settings.replacement || picks <= settings.width)}
            onChange={(picks) => change({ picks })}
          />
          <Select
            name="method"
            label={LABELS.method}
            hint="How neurons are chosen. Only greedy tries what each one would add."
            value={settings.method}
            options={METHODS}
            onChange={(method) => change({ method })}
          />
          <Select
            name="rule"
            label={LABELS.rule}
            hint="How much each picked neuron counts, where they are picked greedily."
            value={settings.rule}
            options={[
              ['average', 'Equal for each pick'],
              ['line-search', 'Best step for each pick'],
              ['corrective', 'Refitted after each pick'],
            ]}
            onChange={(rule) => change({ rule })}
          />
          <Select
            name="refit"
            label={LABELS.refit}
            hint="Whether what the picked neurons say is fitted to the digits once more. It takes no training."
            value={settings.refit}
            options={[
              ['weights', 'Fit all weights'],
              ['scale', 'Fit one factor'],
              ['none', 'Leave as picked'],
            ]}
            onChange={(refit) => change({ refit })}
          />
          <Check
            name="replacement"
            label={LABELS.replacement}
            hint="Picked twice, it counts twice and costs nothing more."
            value={settings.replacement}
            onChange={(replacement) => change({ replacement })}
          />
          <Slider
            name="pruneEvery"
            label={LABELS.pruneEvery}
            hint="How often to stop training and prune, to see when it begins to pay."
            value={checkpoints()}
            steps={STEPS.checkpoints}
            onChange={(count) =>
              change({ pruneEvery: Math.max(1, Math.round(settings.iterations / count)) })
            }
          />
          <Slider
            name="fineTune"
            label={LABELS.fineTune}
            hint={`Training of the small network after pruning, at rate ${Number(rate.toPrecision(3))}.`}
            value={settings.fineTune}
            steps={STEPS.fineTune}
            onChange={(fineTune) => change({ fineTune })}
          />
        </fieldset>
      </div>
    </section>
  );

  function checkpoints(): number {
    const { iterations, pruneEvery } = settings;
    return pruneEvery === 0 ? 1 : Math.max(1, Math.ceil(iterations / pruneEvery));
  }
}
