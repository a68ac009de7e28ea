import type { AnyPictures, Preprocessing } from '../../../data/pictures.js';
import type { AdapterDescription } from '../../../gpu/adapter.js';
import type { Network } from '../../../graph/weights.js';
import type { ChannelCriterion } from '../../../prune/channels/criteria.js';
import type { Counted, Refit, Sharing, UnitCurve } from '../prune/events.js';
import type { CompareModelConfig } from './config.js';

/** What is compared, and on which pictures. */
export interface CompareModelInput {
  readonly network: Network;
  readonly preprocessing: Preprocessing;
  /** Pictures that calibrate, drawn from these. */
  readonly train: AnyPictures;
  /** Pictures that only measure. */
  readonly test: AnyPictures;
  readonly config: CompareModelConfig;
  /** What an interrupted comparison of the same network and pictures had done. */
  readonly from?: CompareModelState;
}

/** What a comparison has done already; cells that are not asked for stay aside. */
export interface CompareModelState {
  readonly curves: readonly WayCurve[];
  readonly cells: readonly ModelCell[];
}

/** How channels are chosen, and what reads the others fitted. */
export interface PruningWay {
  readonly criterion: ChannelCriterion;
  readonly refit: Refit;
}

/** A unit's curve when it is cut in one way. */
export interface WayCurve extends PruningWay, UnitCurve {}

/** One pruning of a comparison. */
export interface ModelCellKey extends PruningWay {
  /** How the budget is shared. */
  readonly budgets: Sharing;
  /** What was asked for: this share of that cost. */
  readonly of: Counted;
  readonly share: number;
}

/** One pruning of a comparison, measured. */
export interface ModelCell extends ModelCellKey {
  /** Channels that stay, of each unit in order. */
  readonly kept: readonly number[];
  /** What is left, of one picture. */
  readonly multiplyAdds: number;
  readonly parameters: number;
  /** Share of right answers; only where the pictures have labels. */
  readonly accuracy?: number;
  /** Share of the dense network's answers, and mean KL(dense ‖ pruned) in nats. */
  readonly agreement: number;
  readonly divergence: number;
  readonly seconds: number;
}

/** The network that is pruned, as it came. */
export interface DenseFigures {
  readonly multiplyAdds: number;
  readonly parameters: number;
  /** Only where the pictures have labels. */
  readonly accuracy?: number;
}

/** What `compareModel` yields: how far it is, each curve, and each cell once it is measured. */
export type CompareModelEvent =
  | {
      readonly type: 'progress';
      /** What is measured of the dense network for all cells, or the cells one after the other. */
      readonly phase: 'measuring' | 'dense' | 'cells';
      /** The unit or the cell. */
      readonly what: string;
      /** From 0 to 1. */
      readonly share: number;
    }
  | ({ readonly type: 'dense' } & DenseFigures)
  | ({ readonly type: 'curve' } & WayCurve)
  | ({ readonly type: 'cell' } & ModelCell);

/** What `compareModel` returns. */
export interface CompareModelSummary {
  readonly adapter: AdapterDescription;
  readonly dense: DenseFigures;
  /** The units that are cut, and how many channels they have. */
  readonly units: readonly { readonly unit: string; readonly channels: number }[];
  /** In the order of `listModelCells`. */
  readonly cells: readonly ModelCell[];
  readonly calibration: number;
  /** Pictures that measured. */
  readonly pictures: number;
}
