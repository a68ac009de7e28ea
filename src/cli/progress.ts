import { SingleBar } from 'cli-progress';
import type { RunConfig } from '../experiment/run-config.js';
import type { Phase, RunEvent } from '../experiment/run-events.js';
import type { Plan } from '../prune/plan.js';
import type { StopReason } from '../prune/problem.js';
import { plural } from '../text.js';

const TITLES: Readonly<Record<Phase, string>> = {
  'pre-train': 'Pre-training',
  prune: 'Pruning',
  'fine-tune': 'Fine-tuning',
  controls: 'Controls',
};

/** Why a selection ended, where it made fewer picks than asked for. */
export const END: Readonly<Record<StopReason, string | undefined>> = {
  count: undefined,
  target: 'target reached',
  stalled: 'nothing improves further',
};

/** Without a terminal a line is written no more often than this. */
const LINE_EVERY_MILLIS = 5000;

/** Progress through work of several phases, one after the other. */
export interface PhaseProgress {
  show(phase: string, done: number, total: number, note?: string): void;
  /** A line that stays. */
  line(text: string): void;
  stop(): void;
}

/** On stderr: a bar where a person watches, plain lines in a log. */
export function phaseProgress(stream: NodeJS.WriteStream): PhaseProgress {
  return stream.isTTY ? bars(stream) : lines(stream);
}

/** A bar as every command shows it, with the names in `format` filled in by each update. */
export function barOn(stream: NodeJS.WriteStream, format: string): SingleBar {
  return new SingleBar({
    stream,
    format,
    barsize: 26,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
  });
}

function bars(stream: NodeJS.WriteStream): PhaseProgress {
  const bar = barOn(stream, '{title} {bar} {value}/{total} {note}');
  let shown: string | undefined;
  const stop = () => {
    if (shown !== undefined) bar.stop();
    shown = undefined;
  };
  return {
    stop,
    line: (text) => {
      stop();
      stream.write(`${text}\n`);
    },
    show: (phase, done, total, note = '') => {
      const payload = { title: phase.padEnd(12), note };
      if (phase === shown) bar.update(done, payload);
      else {
        stop();
        shown = phase;
        bar.start(total, done, payload);
      }
    },
  };
}

function lines(stream: NodeJS.WriteStream): PhaseProgress {
  let last = performance.now();
  return {
    stop: () => undefined,
    line: (text) => stream.write(`${text}\n`),
    show: (phase, done, total, note = '') => {
      if (performance.now() - last < LINE_EVERY_MILLIS) return;
      last = performance.now();
      stream.write(`${`${phase}: ${done} of ${total} ${note}`.trimEnd()}\n`);
    },
  };
}

export interface Progress {
  show(event: RunEvent): void;
  stop(): void;
}

/** Progress of a run. */
export function createProgress(stream: NodeJS.WriteStream, config: RunConfig): Progress {
  const phases = phaseProgress(stream);
  return {
    stop: phases.stop,
    show: (event) => {
      if (event.type === 'progress') {
        const { phase, done, total, minibatchLoss } = event;
        phases.show(TITLES[phase], done, total, lossNote(minibatchLoss));
        return;
      }
      const line = describe(event, config);
      if (line) phases.line(line);
    },
  };
}

const FINISHED = {
  'fine-tuned': 'Fine-tuned',
  'dense-fine-tuned': 'The dense network, fine-tuned as long',
  'from-scratch': 'A network of that width from scratch, as many steps',
} as const;

function lossNote(minibatchLoss: number | undefined): string {
  return minibatchLoss === undefined ? '' : `minibatch loss ${minibatchLoss.toPrecision(3)}`;
}

function describe(event: RunEvent, config: RunConfig): string | undefined {
  switch (event.type) {
    case 'started':
      return `Running on ${event.adapter.name}${event.iteration > 0 ? `, from iteration ${event.iteration}` : ''}.`;
    case 'checkpoint': {
      const { trainingLoss, testAccuracy } = event.figures;
      return `Iteration ${event.iteration}: training loss ${trainingLoss.toPrecision(4)}, test accuracy ${percent(testAccuracy)}.`;
    }
    case 'subnetwork':
      return `${describeChoice(event, config)}: training loss ${event.figures.trainingLoss.toPrecision(4)}, test accuracy ${percent(event.figures.testAccuracy)}.`;
    case 'fine-tuned':
    case 'dense-fine-tuned':
    case 'from-scratch':
      return `${FINISHED[event.type]}: training loss ${event.figures.trainingLoss.toPrecision(4)}, test accuracy ${percent(event.figures.testAccuracy)}.`;
    default:
      return undefined;
  }
}

function describeChoice(
  { figures, selection }: Extract<RunEvent, { type: 'subnetwork' }>,
  config: RunConfig,
): string {
  if (!selection) return `Trained ${plural(figures.width, 'neuron')} from scratch`;
  const { selected, passes, plan } = selection;
  const aimed = config.targetLoss !== undefined || config.targetFraction !== undefined;
  const missed = aimed && config.method === 'greedy' ? 'target not reached' : undefined;
  const end = END[selection.stopped] ?? missed;
  return [
    `Picked ${plural(selected.length, 'time')}`,
    plural(figures.width, 'distinct neuron'),
    `in ${plural(passes, 'pass', 'passes')} over the activations${plan ? ` ${describePlan(plan)}` : ''}`,
    ...(end ? [end] : []),
  ].join(', ');
}

/** What the planner chose, and why. */
function describePlan({ oracle, block, lookahead, storage, reason }: Plan): string {
  const way = {
    rows: `${plural(block, 'Gram row')} a pass${lookahead ? ', foreseen by a lookahead' : ''}`,
    gram: 'the whole Gram matrix',
    direct: 'direct evaluation',
  };
  return `(${way[oracle]}${storage === 'f16' ? ', in half precision' : ''}: ${reason})`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
