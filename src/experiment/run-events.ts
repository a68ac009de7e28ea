import type { AdapterDescription } from '../gpu/adapter.js';
import type { TwoLayerParameters } from '../models/two-layer.js';
import type { MethodSelection } from '../prune/methods.js';
import type { Examples } from './examples.js';
import type { RunTheory } from './guarantee.js';
import type { RunConfig } from './run-config.js';
import type { TrainedState } from './state.js';

/** What a run starts from. */
export interface RunInput {
  readonly config: RunConfig;
  readonly examples: Examples;
  /**
   * Where to go on, instead of at the first weights: the event of a checkpoint or of the interruption
   * of a run of the same configuration and examples, or a state from its files.
   */
  readonly from?: StartingState;
}

/** A checkpoint to go on from; the seconds of pre-training behind it count on, where they are known. */
export interface StartingState extends TrainedState {
  readonly figures?: Pick<Figures, 'seconds'>;
}

/** How good a network is and what it costs. */
export interface Figures {
  readonly width: number;
  readonly parameters: number;
  readonly flopsPerExample: number;
  readonly trainingLoss: number;
  readonly trainingAccuracy: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
  /**
   * Seconds of the work that made it: selection, fine-tuning, or all of the pre-training, that before
   * `from` included.
   */
  readonly seconds: number;
}

/** What a run is doing. */
export type Phase = 'pre-train' | 'prune' | 'fine-tune' | 'controls';

/** How far a phase is. */
export interface RunProgress {
  readonly type: 'progress';
  readonly phase: Phase;
  /** Pre-training iterations done when the phase began. */
  readonly iteration: number;
  /** Steps of training, or picks. */
  readonly done: number;
  readonly total: number;
  readonly minibatchLoss?: number;
}

/** The event; without the minibatch's loss where it was not read. */
export function progressEvent({
  minibatchLoss,
  ...progress
}: Omit<RunProgress, 'type' | 'minibatchLoss'> & {
  readonly minibatchLoss?: number | undefined;
}): RunProgress {
  return { type: 'progress', ...progress, ...(minibatchLoss !== undefined && { minibatchLoss }) };
}

/** The pre-trained network, and all that it takes to go on from there. */
export interface RunCheckpoint extends TrainedState {
  readonly type: 'checkpoint';
  readonly figures: Figures;
}

/** Where a run stood when it was aborted, and all that it takes to go on from there. */
export interface RunInterruption extends TrainedState {
  readonly type: 'interrupted';
  readonly figures: Pick<Figures, 'seconds'>;
}

/**
 * What `run` yields: once that it started, progress in between, and at each checkpoint the dense network,
 * the subnetwork and, where there is fine-tuning, the fine-tuned one. After the last come the controls.
 */
export type RunEvent =
  | {
      readonly type: 'started';
      readonly adapter: AdapterDescription;
      /** Pre-training iterations done already; those of `from`. */
      readonly iteration: number;
      /** Those still to come. */
      readonly checkpoints: readonly number[];
    }
  | RunProgress
  | RunCheckpoint
  | RunInterruption
  | {
      readonly type: 'subnetwork';
      readonly iteration: number;
      /** Absent when the network was trained from scratch instead. */
      readonly selection?: MethodSelection;
      readonly network: TwoLayerParameters;
      readonly figures: Figures;
    }
  | {
      readonly type: 'fine-tuned' | ControlName;
      readonly iteration: number;
      readonly network: TwoLayerParameters;
      readonly figures: Figures;
    };

/** A network that the last subnetwork is compared with; see `RunSummary`. */
export type ControlName = 'dense-fine-tuned' | 'from-scratch';

/** What is left of the events when the weights are taken out: the last of each kind, and costs. */
export interface RunSummary {
  readonly adapter: AdapterDescription;
  readonly iterations: number;
  readonly dense: Figures;
  readonly subnetwork: Figures & ChoiceFigures;
  readonly fineTuned: Figures | undefined;
  /** The dense network after the steps of fine-tuning: it then has had as many as the fine-tuned one. */
  readonly denseFineTuned?: Figures;
  /**
   * A network as wide as the subnetwork that had the steps of pre-training and of fine-tuning from
   * its own first weights on. Absent where the subnetwork itself is that.
   */
  readonly fromScratch?: Figures;
  /** Of the last subnetwork. */
  readonly theory: RunTheory;
  readonly memory: MemoryFigures;
  /** Of this run from where it began, which is `from` when it went on. */
  readonly seconds: number;
}

/** How the subnetwork was chosen. */
export interface ChoiceFigures {
  readonly method: RunConfig['method'];
  /** `average` for the methods that have none; absent where nothing was picked. */
  readonly rule?: RunConfig['rule'];
  readonly picks: number;
  readonly passes: number;
  readonly stopped: MethodSelection['stopped'];
  /** What the planner chose, and why. */
  readonly plan?: MethodSelection['plan'];
}

/** Bytes on the GPU. */
export interface MemoryFigures {
  readonly data: number;
  readonly network: number;
  readonly activations: number;
  /** The most that was alive at once, everything included. */
  readonly peak: number;
}
