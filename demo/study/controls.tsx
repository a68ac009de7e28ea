import { useId } from 'preact/hooks';
import { LABELS } from '../state/wording.js';
import { Select } from '../view/control.js';
import type { PresetName, Word } from './settings.js';
import type { Study } from './state.js';

const PRESET_NAMES: readonly (readonly [PresetName, string])[] = [
  ['small', 'Small: 1–2 minutes'],
  ['quick', 'Quick: 20 times that'],
];

interface WordField {
  readonly word: Word;
  readonly hint: string;
}

const FIELDS: readonly WordField[] = [
  {
    word: 'sizes',
    hint: 'Dataset sizes, ascending, with commas: the map’s columns.',
  },
  { word: 'trials', hint: 'Networks of each size, from different random starts.' },
  {
    word: 'iterations',
    hint: 'Of training, for each network. The map keeps its number of rows.',
  },
  {
    word: 'seed',
    hint: 'Decides the random starts. The same seed gives the same map, bit for bit.',
  },
];

/** The controls of the study's configuration. They are disabled while the study runs. */
export function Controls({ study }: { readonly study: Study }) {
  const running = study.mode.value === 'running';
  const config = study.config.value;
  return (
    <section class="card settings" aria-labelledby="study-settings">
      <h2 id="study-settings">What to try</h2>
      <fieldset class="words" disabled={running}>
        <legend class="hidden">Settings of the study</legend>
        <Select
          name="study.preset"
          label="Size of the study"
          hint={
            config
              ? `Without a GPU. ${config.width} neurons, ${config.picks} picks, batch ${config.batch}, a checkpoint every ${config.pruneEvery} steps.`
              : ''
          }
          value={study.preset.value}
          options={PRESET_NAMES}
          onChange={study.choose}
        />
        {FIELDS.map((field) => (
          <Text
            key={field.word}
            {...field}
            label={LABELS[field.word]}
            value={config ? String(config[field.word]) : undefined}
            onChange={(value) => study.change(field.word, value)}
          />
        ))}
      </fieldset>
      <div role="status">{study.fault.value && <p class="fault">{study.fault.value}</p>}</div>
    </section>
  );
}

interface TextProps extends WordField {
  readonly label: string;
  /** Undefined where the address has no valid study: the field then keeps what was typed. */
  readonly value: string | undefined;
  readonly onChange: (value: string) => void;
}

function Text({ word, label, hint, value, onChange }: TextProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={`study.${word}`}
        type="text"
        inputMode={word === 'sizes' ? 'text' : 'numeric'}
        {...(value !== undefined && { value })}
        aria-describedby={`${id}-hint`}
        onChange={({ currentTarget }) => onChange(currentTarget.value.replaceAll(/\s/g, ''))}
      />
      <p id={`${id}-hint`}>{hint}</p>
    </div>
  );
}
