import { EspalierError } from '../errors.js';
import type { Commands } from '../gpu/commands.js';
import type { ChunkedMatrix, Matrix, StorageFormat } from '../gpu/matrix.js';
import type { LossKind } from '../kernels/candidate-loss.js';

/**
 * H [m × N] in chunks of examples, each within one binding. Resident activations are all on the
 * GPU; streamed ones are computed anew into one chunk whenever they are passed over.
 */
export interface Activations {
  readonly rows: number;
  readonly columns: number;
  readonly storage: StorageFormat;
  readonly resident: boolean;
  /** The buffers that chunks lie in, so that kernels can be bound to them once. */
  readonly buffers: readonly Matrix[];
  /** The chunks in order: which buffer, its first example and how many. */
  readonly chunks: readonly ActivationChunk[];
  /** Encodes what puts a chunk into its buffer; nothing for resident ones. */
  load(commands: Commands, chunk: ActivationChunk): void;
}

export interface ActivationChunk {
  readonly buffer: number;
  readonly firstRow: number;
  readonly rows: number;
}

/**
 * What a subnetwork is selected from. Neuron i's outputs are φ_i = b_i σ(a_i · x_j) over the
 * examples; neither the model nor its trainer is known here.
 */
export interface SelectionProblem {
  readonly activations: Activations;
  /**
   * The same in f32 where `activations` are not: picks are chosen by those, and the losses of what
   * was picked measured by these.
   */
  readonly exact?: Activations | undefined;
  /** B [N × C]. */
  readonly weights: Matrix;
  /** Y [m × C]. */
  readonly targets: Matrix;
  readonly loss: LossKind;
}

/** The problem by the exact activations. */
export function exactly({ exact, ...problem }: SelectionProblem): SelectionProblem {
  return exact ? { ...problem, activations: exact } : problem;
}

/** Activations that are on the GPU already. */
export function residentActivations({
  rows,
  columns,
  storage,
  chunks,
}: ChunkedMatrix): Activations {
  return {
    rows,
    columns,
    storage,
    resident: true,
    buffers: chunks,
    chunks: chunks.map((chunk, buffer) => ({
      buffer,
      firstRow: chunk.firstRow,
      rows: chunk.rows,
    })),
    load: () => undefined,
  };
}

/** Activations that are computed into one buffer whenever they are passed over. */
export function streamedFrom(
  rows: number,
  { buffer, load }: { readonly buffer: Matrix; readonly load: Activations['load'] },
): Activations {
  const chunks = Array.from({ length: Math.ceil(rows / buffer.rows) }, (_, chunk) => ({
    buffer: 0,
    firstRow: chunk * buffer.rows,
    rows: Math.min(buffer.rows, rows - chunk * buffer.rows),
  }));
  const { columns, storage } = buffer;
  return { rows, columns, storage, resident: false, buffers: [buffer], chunks, load };
}

/** Why a selection ended. */
export type StopReason = 'count' | 'target' | 'stalled';

export interface Selection {
  /** Neurons in order of selection [k]; one may come again. */
  readonly selected: Uint32Array;
  /** Loss after 1, 2, … k picks, measured from the subnetwork's outputs, exact where given [k]. */
  readonly loss: Float32Array;
  /** The n distinct neurons in order of first selection. */
  readonly kept: Uint32Array;
  /** Their shares α after every pick [k × n]: f_S(x) = Σ_s α_s b_s σ(a_s · x). */
  readonly shares: Float64Array;
  /** The last row of `shares`, rounded to float32 [n]. */
  readonly finalShares: Float32Array;
  /** Passes over the activations that the picks took. */
  readonly passes: number;
  readonly stopped: StopReason;
}

/** What ends a selection that meets NaN or infinity in what it was given, or whose sums overflow. */
export function notFinite(what: string): EspalierError {
  return new EspalierError(
    'bad-data',
    `Selection met ${what} not finite: look for NaN, infinity and very large numbers in the activations and the output weights.`,
  );
}

/** @throws bad-data when a value is not finite. */
export function requireFinite(what: string, values: Iterable<number>): void {
  const all = [...values];
  const bad = all.filter((value) => !Number.isFinite(value)).length;
  if (bad > 0) throw notFinite(`${what}, ${bad} of ${all.length} of them`);
}
