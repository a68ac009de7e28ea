import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { PREPROCESSINGS, type Preprocessing } from '../../src/index.js';
import { Select } from '../view/control.js';
import type { Prune } from './state.js';

/** What networks expect of pixels, by the names that people know it by. */
const PRESETS: readonly (Preprocessing & { readonly name: string; readonly text: string })[] = [
  { name: 'imagenet', text: 'ImageNet’s mean and deviation', ...PREPROCESSINGS.imagenet },
  { name: 'cifar10', text: 'CIFAR-10’s mean and deviation', ...PREPROCESSINGS.cifar10 },
  { name: 'unit', text: 'from 0 to 1', ...PREPROCESSINGS.unit },
  { name: 'signed', text: 'from −1 to 1', mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
  { name: 'bytes', text: 'from 0 to 255', ...PREPROCESSINGS.bytes },
];
/** Presets that know colours. */
const COLOURED = ['imagenet', 'cifar10'];
const OWN = 'own';

interface PixelsProps {
  readonly prune: Prune;
  readonly preprocessing: Preprocessing;
  /** Whether it is a guess. */
  readonly guessed: boolean;
}

/** What the network expects of pixels: a preset, or numbers of the person's own. */
export function Pixels({ prune, preprocessing, guessed }: PixelsProps) {
  const typing = useSignal(false);
  const channels = preprocessing.mean.length;
  const fit = PRESETS.filter(({ name }) => channels === 3 || !COLOURED.includes(name));
  const now = fit.find(
    ({ mean, deviation }) =>
      startsWith(mean, preprocessing.mean) && startsWith(deviation, preprocessing.deviation),
  );
  const own = typing.value || !now;
  const options = [
    ...fit.map(({ name, text }) => [name, text] as const),
    [OWN, 'other numbers'] as const,
  ];
  return (
    <>
      <Select
        name="prune.pixels"
        label="The network takes pixels"
        hint="As it was trained. Wrong ones make any network guess."
        value={own ? OWN : now.name}
        options={options}
        onChange={(value) => {
          typing.value = value === OWN;
          const preset = fit.find(({ name }) => name === value);
          if (!preset) return;
          const mean = preset.mean.slice(0, channels);
          const deviation = preset.deviation.slice(0, channels);
          void prune.choose({ preprocessing: { mean, deviation } });
        }}
      />
      {guessed && (
        <p class="note warn">
          <b>This is a guess.</b> Networks expect the scaling that they were trained with: check
          yours, the file does not say it.
        </p>
      )}
      {own && (
        <div class="numbers-given">
          <Numbers
            label="Mean"
            values={preprocessing.mean}
            fits={Number.isFinite}
            onChange={(mean) => void prune.choose({ preprocessing: { ...preprocessing, mean } })}
          />
          <Numbers
            label="Deviation"
            values={preprocessing.deviation}
            fits={(value) => value > 0 && Number.isFinite(value)}
            onChange={(deviation) =>
              void prune.choose({ preprocessing: { ...preprocessing, deviation } })
            }
          />
          <p class="note">
            Of pixels from 0 to 1, {channels === 1 ? 'one number' : 'with commas, one a colour'}.
          </p>
        </div>
      )}
    </>
  );
}

interface NumbersProps {
  readonly label: string;
  readonly values: readonly number[];
  readonly fits: (value: number) => boolean;
  readonly onChange: (values: readonly number[]) => void;
}

/** A text of numbers with commas; what is not as many, or does not fit, is taken back. */
function Numbers({ label, values, fits, onChange }: NumbersProps) {
  const id = useId();
  const text = values.map((value) => Number(value.toPrecision(6))).join(', ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        value={text}
        onChange={({ currentTarget }) => {
          const given = currentTarget.value
            .split(/[\s,;]+/)
            .filter(Boolean)
            .map(Number);
          if (given.length === values.length && given.every(fits)) onChange(given);
          else currentTarget.value = text;
        }}
      />
    </div>
  );
}

function startsWith(all: readonly number[], start: readonly number[]): boolean {
  return start.every((value, at) => value === all[at]);
}
