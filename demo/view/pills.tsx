interface PillsProps<Value extends string | number> {
  readonly legend: string;
  readonly name: string;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly value: Value;
  readonly disabled?: boolean;
  readonly onChange: (value: Value) => void;
}

/** One choice out of a few, all in sight. */
export function Pills<Value extends string | number>(props: PillsProps<Value>) {
  const { legend, name, options, value, disabled = false, onChange } = props;
  return (
    <fieldset class="timeline" disabled={disabled}>
      <legend>{legend}</legend>
      {options.map(([each, text]) => (
        <label key={each}>
          <input
            type="radio"
            name={name}
            value={each}
            checked={each === value}
            onChange={() => onChange(each)}
          />
          <span class="pill">{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
