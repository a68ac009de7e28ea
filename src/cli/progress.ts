import { SingleBar } from 'cli-progress';
import type { Plan } from '../prune/plan.js';
import type { Phase, RunEvent } from '../study/run-events.js';

const TITLES: Readonly<Record<Phase, string>> = {
  'pre-train': 'Pre-training',
  prune: 'Pruning',
  'fine-tune': 'Fine-tuning',
};

/** Without a terminal a line is written no more often than this. */
const LINE_EVERY_MILLIS = 5000;

export interface Progress {
  show(event: RunEvent): void;
  stop(): void;
}

/** Progress on stderr: a bar where a person watches, plain lines in a log. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? barProgress(stream) : lineProgress(stream);
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

function barProgress(stream: NodeJS.WriteStream): Progress {
  const bar = barOn(stream, '{title} {bar} {value}/{total} {note}');
  let phase: Phase | undefined;
  const stop = () => {
    if (phase) bar.stop();
    phase = undefined;
  };
  return {
    stop,
    show: (event) => {
      if (event.type !== 'progress') {
        const line = describe(event);
        if (!line) return;
        stop();
        stream.write(`${line}\n`);
        return;
      }
      const payload = { title: TITLES[event.phase].padEnd(12), note: noteOf(event.batchLoss) };
      if (phase === event.phase) bar.update(event.done, payload);
      else {
        stop();
        phase = event.phase;
        bar.start(event.total, event.done, payload);
      }
    },
  };
}

function lineProgress(stream: NodeJS.WriteStream): Progress {
  let last = performance.now();
  return {
    stop: () => undefined,
    show: (event) => {
      if (event.type !== 'progress') {
        const line = describe(event);
        if (line) stream.write(`${line}\n`);
        return;
      }
      if (performance.now() - last < LINE_EVERY_MILLIS) return;
      last = performance.now();
      const { phase, done, total, batchLoss } = event;
      stream.write(`${TITLES[phase]}: ${done} of ${total} ${noteOf(batchLoss)}`.trimEnd());
      stream.write('\n');
    },
  };
}

function noteOf(batchLoss: number | undefined): string {
  return batchLoss === undefined ? '' : `batch loss ${batchLoss.toPrecision(3)}`;
}

function describe(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'started':
      return `Running on ${event.adapter.name}${event.iteration > 0 ? `, from iteration ${event.iteration}` : ''}.`;
    case 'checkpoint': {
      const { trainingLoss, testAccuracy } = event.figures;
      return `Iteration ${event.iteration}: training loss ${trainingLoss.toPrecision(4)}, test accuracy ${percent(testAccuracy)}.`;
    }
    case 'subnetwork':
      return `${choiceOf(event)}: training loss ${event.figures.trainingLoss.toPrecision(4)}, test accuracy ${percent(event.figures.testAccuracy)}.`;
    case 'fine-tuned':
      return `Fine-tuned: training loss ${event.figures.trainingLoss.toPrecision(4)}, test accuracy ${percent(event.figures.testAccuracy)}.`;
    default:
      return undefined;
  }
}

function choiceOf({ figures, selection }: Extract<RunEvent, { type: 'subnetwork' }>): string {
  if (!selection) return `Trained ${figures.neurons} neurons from scratch`;
  const { selected, passes, stopped, plan } = selection;
  const why = { count: '', target: ', target reached', stalled: ', nothing improves further' };
  return `Picked ${selected.length} times, ${figures.neurons} distinct neurons, in ${passes} ${passes === 1 ? 'pass' : 'passes'} over the activations${plan ? ` ${planOf(plan)}` : ''}${why[stopped]}`;
}

/** What the planner chose, and why. */
function planOf({ oracle, block, lookahead, storage, reason }: Plan): string {
  const way = {
    rows: `${counted(block, 'Gram row')} a pass${lookahead ? ', foreseen by a lookahead' : ''}`,
    gram: 'the whole Gram matrix',
    direct: 'direct evaluation',
  };
  return `(${way[oracle]}${storage === 'f16' ? ', in half precision' : ''}: ${reason})`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
