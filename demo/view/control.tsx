import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { LABELS } from '../state/wording.js';

interface FieldProps {
  readonly label: string;
  /** What the setting does, in one line. */
  readonly hint: string;
  readonly value?: string;
  readonly children: (ids: { id: string; 'aria-describedby': string }) => ComponentChildren;
}

function Field({ label, hint, value, children }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>
        {label}
        {value !== undefined && <output for={id}>{value}</output>}
      </label>
      {children({ id, 'aria-describedby': hintId })}
      <p id={hintId}>{hint}</p>
    </div>
  );
}

interface SliderProps {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly value: number;
  /**
   * The values to choose from, ascending. A value between them, from a link, stays until changed.
   */
  readonly steps: readonly number[];
  readonly show?: (value: number) => string;
  readonly onChange: (value: number) => void;
}

export function Slider({ name, label, hint, value, steps, show = String, onChange }: SliderProps) {
  const nearest = steps.reduce(
    (best, step, index) =>
      Math.abs(step - value) < Math.abs((steps[best] ?? 0) - value) ? index : best,
    0,
  );
  return (
    <Field label={label} hint={hint} value={show(value)}>
      {(ids) => (
        <input
          {...ids}
          name={name}
          type="range"
          min={0}
          max={steps.length - 1}
          step={1}
          value={nearest}
          aria-valuetext={show(value)}
          onInput={({ currentTarget }) => {
            const chosen = steps[currentTarget.valueAsNumber];
            if (chosen !== undefined) onChange(chosen);
          }}
        />
      )}
    </Field>
  );
}

interface SelectProps<Value extends string> {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly value: Value;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly onChange: (value: Value) => void;
}

export function Select<Value extends string>(props: SelectProps<Value>) {
  const { name, label, hint, value, options, onChange } = props;
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <select
          {...ids}
          name={name}
          value={value}
          onChange={({ currentTarget }) => {
            const chosen = options.find(([option]) => option === currentTarget.value);
            if (chosen) onChange(chosen[0]);
          }}
        >
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface SeedProps {
  readonly value: number;
  readonly onChange: (value: number) => void;
}

export function Seed({ value, onChange }: SeedProps) {
  return (
    <Field
      label={LABELS.seed}
      hint="Decides the random start. The same seed gives the same run, bit for bit."
    >
      {(ids) => (
        <div class="beside">
          <input
            {...ids}
            name="seed"
            type="number"
            step={1}
            value={value}
            onChange={({ currentTarget }) => {
              const seed = currentTarget.valueAsNumber;
              if (Number.isSafeInteger(seed)) onChange(seed);
              else currentTarget.value = String(value);
            }}
          />
          <button type="button" onClick={() => onChange(Math.floor(Math.random() * 10_000))}>
            New
          </button>
        </div>
      )}
    </Field>
  );
}

interface CheckProps {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly value: boolean;
  readonly onChange: (value: boolean) => void;
}

export function Check({ name, label, hint, value, onChange }: CheckProps) {
  const id = useId();
  return (
    <div class="field">
      <label class="check" for={id}>
        <input
          id={id}
          name={name}
          type="checkbox"
          checked={value}
          aria-describedby={`${id}-hint`}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
        {label}
      </label>
      <p id={`${id}-hint`}>{hint}</p>
    </div>
  );
}
