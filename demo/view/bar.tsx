import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.js';

interface BarProps {
  /** The one main button. */
  readonly label: string;
  readonly icon: IconName;
  readonly disabled: boolean;
  readonly onMain: () => void;
  /** Forgets what there is; absent while there is nothing. */
  readonly onReset: (() => void) | undefined;
  /** What it forgets. */
  readonly forgets?: string;
  /** What is going on, in one line. */
  readonly text: string;
  /** How much of the work is done, and all of it. */
  readonly done: number;
  readonly total: number;
  readonly measure: string;
  readonly children?: ComponentChildren;
}

/** A tab's main button, what it is doing, and how far it is. */
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
