import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import {
  calmerRate,
  type Device,
  drawExamples,
  EspalierError,
  type Examples,
  type Figures,
  type ImageSource,
  type RunConfig,
  type RunEvent,
  type RunSummary,
  type Selection,
  type Sizes,
  type StartingState,
  type TrainedSize,
  type TwoLayerParameters,
} from '../../src/index.js';
import { createDrive, type Mode, type Turn } from './drive.js';
import { type AnswerTime, type Beside, played, withBeside } from './played.js';
import { configFromSettings, type Settings } from './settings.js';

/** A network at a checkpoint, with its losses and accuracies. */
export interface Stage {
  readonly network: TwoLayerParameters;
  readonly figures: Figures;
}

/** What is known at one checkpoint. A stage that is not done yet is absent. */
export interface Checkpoint {
  readonly iteration: number;
  readonly dense: Stage;
  readonly subnetwork?: Stage & { readonly selection: Selection };
  /** Every size of the selection. */
  readonly bySize?: Sizes;
  /** Networks trained at several of these sizes; of the last checkpoint only. */
  readonly trained?: readonly TrainedSize[];
  readonly fineTuned?: Stage;
  readonly denseFineTuned?: Stage;
  readonly fromScratch?: Stage;
}

export type Progress = Extract<RunEvent, { type: 'progress' }>;
export type Finding = Exclude<RunEvent, Progress>;

export interface Play {
  readonly settings: Settings;
  readonly config: RunConfig;
  readonly source: ImageSource;
  readonly examples: Examples;
  /** The state that the run began with, if it went on from a brought run. */
  readonly from?: StartingState;
}

/** A run as the browser keeps it: what its settings and images do not say. */
export interface KeptRun {
  readonly settings: Settings;
  readonly losses: readonly (readonly [number, number])[];
  readonly findings: readonly Finding[];
  readonly beside: readonly Beside[];
  /** Of a run that came to its end. */
  readonly summary?: RunSummary;
}

/** Where a run stops by itself. */
export type Goal = 'end' | 'checkpoint';

export interface NewRun {
  readonly settings: Settings;
  readonly source: ImageSource;
  readonly goal: Goal;
  readonly from?: StartingState | undefined;
}

export interface Session {
  readonly mode: ReadonlySignal<Mode>;
  readonly play: ReadonlySignal<Play | undefined>;
  readonly progress: ReadonlySignal<Progress | undefined>;
  /** Losses of single minibatches of pre-training. */
  readonly losses: ReadonlySignal<readonly (readonly [number, number])[]>;
  readonly findings: ReadonlySignal<readonly Finding[]>;
  readonly checkpoints: ReadonlySignal<readonly Checkpoint[]>;
  /** How many of them have all their stages. */
  readonly finished: ReadonlySignal<number>;
  /** How long networks take to answer here, by width; empty until that was measured. */
  readonly times: ReadonlySignal<readonly AnswerTime[]>;
  readonly summary: ReadonlySignal<RunSummary | undefined>;
  readonly error: ReadonlySignal<unknown>;
  /** Gives up the current run and starts a new one. */
  start(connected: () => Promise<Device>, given: NewRun): void;
  resume(connected: () => Promise<Device>, goal: Goal): void;
  /** What to keep of the run; undefined before its first checkpoint. */
  kept(): KeptRun | undefined;
  /** Brings back what was kept of a run on these images. */
  restore(run: KeptRun, source: ImageSource): void;
  /** Goes on with the same run on another device, from its last checkpoint. */
  goOn(connected: () => Promise<Device>): void;
  pause(): void;
  reset(): Promise<void>;
}

/** The state of one run, and the controls to start, pause and reset it. */
export function createSession(turn: Signal<Turn | undefined>): Session {
  const play = signal<Play | undefined>();
  const progress = signal<Progress | undefined>();
  const losses = signal<readonly (readonly [number, number])[]>([]);
  const findings = signal<readonly Finding[]>([]);
  const beside = signal<readonly Beside[]>([]);
  const summary = signal<RunSummary | undefined>();
  let goal: Goal = 'end';
  /** Whether the run is of an earlier visit: it goes on from its last checkpoint. */
  let restored = false;

  const heard = (event: RunEvent | Beside) => {
    if (isBeside(event)) {
      beside.value = withBeside(beside.value, event);
    } else if (event.type === 'progress') {
      progress.value = event;
      const { phase, done, minibatchLoss } = event;
      requireCalm(event, play.value?.config.learningRate ?? 1);
      const last = losses.value.at(-1)?.[0] ?? -1;
      if (phase === 'pre-train' && minibatchLoss !== undefined && done > last) {
        losses.value = [...losses.value, [done, minibatchLoss]];
      }
    } else if (!findings.value.some((known) => sameMoment(known, event))) {
      // A run that goes on after its device was lost repeats its last checkpoint, to the bit.
      findings.value = [...findings.value, event];
    }
    if (goal === 'checkpoint' && endsCheckpoint(event, play.value)) drive.pause();
  };
  const drive = createDrive<RunEvent | Beside, RunSummary>('play', turn, {
    heard,
    done: (result) => {
      summary.value = result;
    },
  });

  const forget = () => {
    progress.value = undefined;
    losses.value = [];
    findings.value = [];
    beside.value = [];
    summary.value = undefined;
  };

  const goOn = (connected: () => Promise<Device>, next: Goal) => {
    const input = play.value;
    if (!input) return;
    const last = findings.value.findLast((event) => event.type === 'checkpoint');
    goal = next;
    restored = false;
    const from = last && { from: last };
    drive.start(async (signal) => played(await connected(), { ...input, ...from }, signal));
  };

  return {
    mode: drive.mode,
    error: drive.error,
    play,
    progress,
    losses,
    findings,
    checkpoints: computed(() => checkpointsFromFindings(findings.value, beside.value)),
    finished: computed(
      () =>
        [...findings.value, ...beside.value].filter((event) => endsCheckpoint(event, play.value))
          .length,
    ),
    times: computed(
      () => beside.value.findLast((event) => event.type === 'answer-times')?.times ?? [],
    ),
    summary,
    start: (connected, { settings, source, goal: next, from }) => {
      const config = configFromSettings(settings);
      const examples = drawExamples(source, config.examples, config.seed);
      const input: Play = { settings, config, source, examples, ...(from && { from }) };
      batch(() => {
        play.value = input;
        forget();
      });
      goal = next;
      restored = false;
      drive.start(async (signal) => played(await connected(), input, signal));
    },
    resume: (connected, next) => {
      if (restored) goOn(connected, next);
      else {
        goal = next;
        drive.resume();
      }
    },
    kept: () => {
      const of = play.value;
      if (!of || !findings.value.some(({ type }) => type === 'checkpoint')) return undefined;
      return {
        settings: of.settings,
        losses: losses.value,
        findings: findings.value,
        beside: beside.value,
        ...(summary.value && { summary: summary.value }),
      };
    },
    restore: (run, source) => {
      const config = configFromSettings(run.settings);
      const examples = drawExamples(source, config.examples, config.seed);
      batch(() => {
        play.value = { settings: run.settings, config, source, examples };
        forget();
        losses.value = run.losses;
        findings.value = run.findings;
        beside.value = run.beside;
        summary.value = run.summary;
        drive.rest(run.summary ? 'done' : 'stopped');
      });
      restored = true;
    },
    goOn: (connected) => goOn(connected, 'end'),
    pause: drive.pause,
    reset: async () => {
      await drive.halt();
      batch(() => {
        play.value = undefined;
        forget();
      });
    },
  };
}

function endsCheckpoint(event: RunEvent | Beside, play: Play | undefined): boolean {
  return event.type === (play?.config.fineTune === 0 ? 'sizes' : 'fine-tuned');
}

/** An error past this one comes back no more, though it may stay a finite number for long. */
const RUNAWAY = 1e6;

/** @throws diverged, as soon as the error says so. */
function requireCalm(
  { phase, done: iteration, minibatchLoss = 0 }: Progress,
  learningRate: number,
): void {
  if (phase === 'controls' || minibatchLoss < RUNAWAY) return;
  throw new EspalierError('diverged', {
    kind: 'diverged',
    what: 'the error was past a million, as good as',
    iteration,
    key: phase === 'fine-tune' ? 'fineTuneLearningRate' : 'learningRate',
    calmer: calmerRate(learningRate),
  });
}

function isBeside(event: RunEvent | Beside): event is Beside {
  return event.type === 'sizes' || event.type === 'answer-times' || event.type === 'trained-size';
}

function sameMoment(a: Finding, b: Finding): boolean {
  if (a.type !== b.type) return false;
  return a.type === 'started' || b.type === 'started' || a.iteration === b.iteration;
}

const STAGES = {
  'fine-tuned': 'fineTuned',
  'dense-fine-tuned': 'denseFineTuned',
  'from-scratch': 'fromScratch',
} as const;

function checkpointsFromFindings(
  findings: readonly Finding[],
  beside: readonly Beside[],
): readonly Checkpoint[] {
  const found = new Map<number, Checkpoint>();
  for (const event of findings) {
    if (event.type === 'started' || event.type === 'interrupted') continue;
    const { iteration, network, figures } = event;
    const stage = { network, figures };
    const known = found.get(iteration);
    if (event.type === 'checkpoint') found.set(iteration, { iteration, dense: stage });
    else if (known && event.type === 'subnetwork') {
      const { selection } = event;
      if (selection) found.set(iteration, { ...known, subnetwork: { ...stage, selection } });
    } else if (known && event.type !== 'subnetwork') {
      found.set(iteration, { ...known, [STAGES[event.type]]: stage });
    }
  }
  for (const event of beside) {
    if (event.type !== 'sizes') continue;
    const known = found.get(event.iteration);
    if (known) found.set(event.iteration, { ...known, bySize: event.sizes });
  }
  const all = [...found.values()];
  const trained = beside.filter((event) => event.type === 'trained-size');
  const last = all.at(-1);
  return last && trained.length > 0 ? [...all.slice(0, -1), { ...last, trained }] : all;
}
