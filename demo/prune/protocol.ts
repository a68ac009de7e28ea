import type {
  Budgeted,
  ErrorCode,
  EspalierError,
  PictureSize,
  Preprocessing,
  UnitChoice,
} from '../../src/index.js';
import type { PathFile } from '../model/dropped.js';

/** Results that are kept, with their networks. */
export const MOST_RESULTS = 12;

/** The network and pictures that are served with the page, or the person's own. */
export type Source = 'built-in' | readonly PathFile[];

/** A budget: what is counted, and the share of it that may stay. */
export interface Budget {
  readonly of: Budgeted;
  readonly share: number;
}

/** Channels of a layer that makes channels from others, and what may become of them. */
export interface LayerView {
  readonly name: string;
  /** `3 × 3, stride 2` */
  readonly detail: string;
  readonly channels: number;
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** Whether they may be removed under the choice of now. */
  readonly goes: boolean;
  /** What they go with, or why they stay. */
  readonly why: string;
}

export interface NetworkView {
  readonly name: string;
  readonly builtIn: boolean;
  /** The form of its file, such as `ONNX`. */
  readonly form: string;
  readonly input: PictureSize;
  readonly classes: number;
  readonly bytes: number;
  readonly multiplyAdds: number;
  readonly parameters: number;
  readonly layers: readonly LayerView[];
  /** Why nothing of it can be removed, where that is so. */
  readonly obstacle?: string;
  /** The endings of files that a smaller one can be written as; the first is of the form that came in. */
  readonly endings: readonly string[];
}

/** A picture to be drawn: bytes [height, width, channels]. */
export interface Thumbnail extends PictureSize {
  readonly pixels: Uint8Array;
}

export interface PicturesView {
  readonly name: string;
  readonly builtIn: boolean;
  readonly count: number;
  /** How many of them the cut is made by at most, and how many judge it; all do both where there are few. */
  readonly calibrating: number;
  readonly judging: number;
  readonly labelled: boolean;
  /** What else is to be said of them. */
  readonly note?: string;
  readonly first: readonly Thumbnail[];
}

/** How a network does. */
export interface Side {
  readonly multiplyAdds: number;
  readonly parameters: number;
  readonly bytes: number;
  readonly milliseconds: readonly { readonly batch: number; readonly perPicture: number }[];
  readonly accuracy?: number;
}

/** A picture for which the two networks' answers differ. */
export interface Dispute {
  readonly picture: Thumbnail;
  readonly dense: string;
  readonly pruned: string;
  readonly label?: string;
}

export interface ResultView {
  readonly id: number;
  /** The pictures that it was made and judged with. */
  readonly pictures: { readonly name: string; readonly count: number; readonly checksum: number };
  /** Which channels might go. */
  readonly choice: UnitChoice;
  /** Whether these pictures and the pixels of then are still those at hand. */
  readonly current: boolean;
  readonly budget: Budget;
  /** The share of the cost that is left. */
  readonly reached: number;
  readonly units: readonly UnitBar[];
  readonly dense: Side;
  readonly pruned: Side;
  /** The share of the judging pictures with the dense network's answer. */
  readonly agreement: number;
  readonly judged: number;
  /** How many the network tells apart. */
  readonly classes: number;
  readonly calibrated: number;
  readonly disputes: readonly Dispute[];
  readonly seconds: number;
  /** The widest unit, where fewer pictures calibrated than it has channels. */
  readonly few?: { readonly unit: string; readonly channels: number };
}

/** What made way for what is here now, and can be brought back while the page is open. */
export interface AsideView {
  /** Its network, where that is another one. */
  readonly network?: string;
  /** Its pictures, where those are others. */
  readonly pictures?: { readonly name: string; readonly count: number };
  /** How many results of another network went with it. */
  readonly results: number;
}

/** All that the worker has. */
export interface Standing {
  readonly network?: NetworkView;
  /** Why the network is not the one that the browser had kept, where that is so. */
  readonly lost?: string;
  readonly pictures?: PicturesView;
  /** What is wrong with the pictures for this network. */
  readonly misfit?: string;
  readonly preprocessing: Preprocessing;
  /** Whether that is a guess: neither the file nor the person says it. */
  readonly guessed: boolean;
  readonly units: UnitChoice;
  /** Newest last. */
  readonly results: readonly ResultView[];
  readonly aside?: AsideView;
  /** Budgets of the cuts that were going on, or had yet to begin, when the page was left. */
  readonly unfinished?: readonly Budget[];
  /** Whether the browser keeps all this over a reload. */
  readonly keeps: boolean;
}

/** A unit, and how many of its channels stay. */
export interface UnitBar {
  readonly unit: string;
  readonly channels: number;
  readonly kept: number;
}

export interface PlanView {
  readonly budget: Budget;
  readonly units: readonly UnitBar[];
  readonly reached: number;
  /** The least share that any cut leaves. */
  readonly least: number;
  /** Whether the units share by measured curves, and not evenly as long as nothing is measured. */
  readonly measured: boolean;
}

/** A file to be saved, and how programs take it. */
export interface SavedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Files that belong beside it. */
  readonly beside: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly snippet: string;
}

/** What the worker does, by name: what it takes, and what it gives. */
export interface Calls {
  /** Takes up what the browser has kept, or the built-in network and pictures. */
  readonly open: { readonly takes: { readonly base: string }; readonly gives: Standing };
  readonly network: {
    readonly takes: { readonly source: Source };
    readonly gives: Standing;
  };
  readonly pictures: { readonly takes: { readonly source: Source }; readonly gives: Standing };
  readonly choose: {
    readonly takes: { readonly preprocessing?: Preprocessing; readonly units?: UnitChoice };
    readonly gives: Standing;
  };
  /** Undefined where milliseconds have not been measured, or nothing can be cut. */
  readonly plan: { readonly takes: Budget; readonly gives: PlanView | undefined };
  /** Cuts to the first of the budgets. The others are noted, in case that the page is left before them. */
  readonly prune: {
    readonly takes: { readonly budget: Budget; readonly others: readonly Budget[] };
    readonly gives: Standing;
  };
  readonly file: {
    readonly takes: { readonly id: number; readonly ending: string };
    readonly gives: SavedFile;
  };
  /** Brings back what lies aside; what is here now lies aside then. */
  readonly back: { readonly takes: undefined; readonly gives: Standing };
  readonly forget: { readonly takes: undefined; readonly gives: Standing };
}
export type CallName = keyof Calls;

/** How far a call is. */
export interface Progress {
  readonly text: string;
  /** From 0 to 1. */
  readonly share: number;
}

/** What the page sends to the worker. */
export type ToWorker =
  | { readonly kind: 'call'; readonly id: number; readonly name: CallName; readonly takes: unknown }
  | { readonly kind: 'cancel'; readonly id: number };

/** What the worker sends back. */
export type FromWorker =
  | { readonly kind: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly kind: 'done'; readonly id: number; readonly gives: unknown }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly message: string;
      /** Of an EspalierError, from which it can be made again. */
      readonly ours?: { readonly code: ErrorCode; readonly details: EspalierError['details'] };
    };
