import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.js';

interface BarProps {
  /** The text of the main button. */
  readonly label: string;
  readonly icon: IconName;
  readonly disabled: boolean;
  readonly onMain: () => void;
  /** Deletes the results; absent while there are none. */
  readonly onReset: (() => void) | undefined;
  /** What `onReset` deletes, for the button's tooltip. */
  readonly forgets?: string;
  /** What is going on, in one line. */
  readonly text: string;
  /** Progress: `done` of `total`. */
  readonly done: number;
  readonly total: number;
  readonly measure: string;
  readonly children?: ComponentChildren;
}

/** A tab's main button, with a line of text and a progress bar. */
export function Bar(props: BarProps) {
  const { label, icon, disabled, onMain, onReset, forgets = 'these results' } = props;
  const { text, done, total, measure, children } = props;
  return (
    <div class="player">
      <div class="buttons">
        <button type="button" class="play" disabled={disabled} onClick={onMain}>
          <Icon name={icon} />
          {label}
        </button>
        <button type="button" disabled={!onReset} onClick={onReset} title={`Forget ${forgets}`}>
          <Icon name="reset" />
          Reset
        </button>
      </div>
      <div class="doing">
        <p>{text}</p>
        <progress max={Math.max(1, total)} value={done} aria-label={measure} />
      </div>
      {children}
    </div>
  );
}
