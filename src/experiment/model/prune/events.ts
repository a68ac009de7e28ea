import type { AnyPictures, Pictures, Preprocessing } from '../../../data/pictures.js';
import type { AdapterDescription } from '../../../gpu/adapter.js';
import type { Network } from '../../../graph/weights.js';
import type { ChannelCriterion } from '../../../prune/channels/criteria.js';
import type { PositionPlan } from '../../../prune/channels/positions.js';

/** How the consumers' weights are fitted to the channels that stay. */
export const REFITS = ['weights', 'scales', 'none'] as const;
/** The name of one of these fits. */
export type Refit = (typeof REFITS)[number];

/** How the budget is shared among units: by what each cut costs the answers, or evenly. */
export const SHARINGS = ['measured', 'uniform'] as const;
/** The name of one of these ways to share. */
export type Sharing = (typeof SHARINGS)[number];

/** Which units are cut: those inside of blocks, residual streams, or both. */
export const UNIT_CHOICES = ['inner', 'stream', 'all'] as const;
/** The name of one of these choices. */
export type UnitChoice = (typeof UNIT_CHOICES)[number];

/** What a budget can count. */
export const COUNTED = ['multiplyAdds', 'parameters'] as const;
/** The name of one of these costs. */
export type Counted = (typeof COUNTED)[number];
/** A cost that is counted, or the milliseconds an image takes on the adapter at hand. */
export type Budgeted = Counted | 'milliseconds';

/** How a network is cut, and to what. */
export interface PruneOptions {
  readonly criterion: ChannelCriterion;
  readonly refit: Refit;
  readonly sharing: Sharing;
  readonly units: UnitChoice;
  /** The share of the network's cost that stays at most, and what is counted. */
  readonly budget: { readonly of: Budgeted; readonly share: number };
  /** How many channels stay of each unit, by its name, in place of a budget; others stay whole. */
  readonly layout?: Readonly<Record<string, number>> | undefined;
  /**
   * How much of the accuracy each unit may cost, in place of a budget: it keeps the first channels of
   * its order that are enough (`accuracy-stop.ts`). Needs labels.
   */
  readonly layerTolerance?: number | undefined;
  /** What a unit's number of channels is a multiple of, where it is cut. */
  readonly roundTo: number;
  /** Output positions of a picture that what reads a unit is fitted by at most; all by default. */
  readonly positions?: number | undefined;
  /** Channels that every unit keeps at least. */
  readonly least: number;
  readonly seed: number;
}

/** A trained network, pictures to calibrate with, and how to cut. */
export interface PruneInput {
  readonly network: Network;
  /** Pictures to calibrate with; criteria that look at the loss alone look at their labels. */
  readonly calibration: Pictures;
  readonly preprocessing: Preprocessing;
  readonly options: PruneOptions;
  /** Training behind each unit that is cut but the last; none by default. */
  readonly between?: TrainingBetween | undefined;
}

/** How a network is trained on from one unit that is cut to the next. */
export interface TrainingBetween {
  /** What is learned, by the labels. */
  readonly pictures: AnyPictures;
  /** 0.1 as published; of a part of an epoch so many minibatches, one at least. */
  readonly epochs: number;
  /** It stays. */
  readonly learningRate: number;
  /** The setting that it comes from, for an error to name; `learningRate` by default. */
  readonly rateKey?: 'learningRate' | 'fineTuneLearningRate';
}

/** How far the answers move when one unit alone is cut. */
export interface UnitCurve {
  readonly unit: string;
  readonly channels: number;
  readonly kept: readonly number[];
  /** Mean KL(dense ‖ cut) in nats, for each of `kept`. */
  readonly divergence: readonly number[];
}

/** What a cut left of one unit. */
export interface UnitOutcome {
  readonly unit: string;
  readonly channels: number;
  /** The channels that stay, ascending, by their index in the dense network. */
  readonly kept: readonly number[];
  /** ‖Y − what the consumers give‖² / ‖Y‖² after the refit. */
  readonly loss: number;
}

/** What a pruning has done already. */
export interface PruneState {
  readonly curves: readonly UnitCurve[];
  readonly units: readonly UnitOutcome[];
  /** The network as cut so far; as it came where no unit is cut. */
  readonly network?: Network;
}

/** What a pruning tells on its way: how far it is, a warning, each curve, the shares, each unit that is cut. */
export type PruneEvent =
  | {
      readonly type: 'progress';
      readonly phase: 'timing' | 'curves' | 'cutting';
      /** Or the layer that is timed. */
      readonly unit: string;
      /** Of all units together, from 0 to 1. */
      readonly share: number;
    }
  /**
   * Fewer calibration images than one a channel of the widest unit: what reads it is fitted to these
   * images, and may answer others worse.
   */
  | {
      readonly type: 'few-images';
      readonly images: number;
      readonly unit: string;
      readonly channels: number;
    }
  /**
   * Fewer positions of all images together are summed than a consumer has weights an output: as with
   * few images, these are fitted to what was summed. Told of the consumer that lacks most.
   */
  | {
      readonly type: 'few-positions';
      readonly node: string;
      readonly images: number;
      /** Of a picture. */
      readonly taken: number;
      readonly weights: number;
    }
  /** Where a number of positions was asked for: what the sums for a consumer of a unit that is cut are taken over. */
  | ({ readonly type: 'positions'; readonly node: string } & Omit<PositionPlan, 'sample'>)
  | ({ readonly type: 'curve' } & UnitCurve)
  | { readonly type: 'budget'; readonly units: readonly string[]; readonly kept: readonly number[] }
  /** A unit is cut, and this is the network now: what a pruning can go on from. */
  | ({ readonly type: 'unit'; readonly network: Network } & UnitOutcome);

/** A network that was cut as planned, and how near its answers are to the dense one's. */
export interface PlannedCutSummary {
  readonly adapter: AdapterDescription;
  readonly network: Network;
  readonly units: readonly UnitOutcome[];
  readonly calibration: number;
  /** The share of the cost that was asked for, where it was, and the share that is left. */
  readonly budget: { readonly of: Budgeted; readonly asked?: number; readonly reached: number };
  /** Mean KL(dense ‖ pruned) in nats, and the share of the same largest answers, on calibration images. */
  readonly divergence: number;
  readonly agreement: number;
  readonly seconds: { readonly cutting: number };
}

/** The same, with the curves by which the budget was shared. */
export interface PruneSummary extends PlannedCutSummary {
  readonly curves: readonly UnitCurve[];
  readonly seconds: { readonly curves: number; readonly cutting: number };
}
