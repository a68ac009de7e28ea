import type { Commands } from '../gpu/commands.js';
import { BYTES, type ChunkedMatrix, type Matrix } from '../gpu/matrix.js';
import type { StorageFormat } from '../half.js';

/**
 * H [m × N] in chunks of examples, each within one binding. Resident activations all stay on the
 * GPU. Streamed ones share one buffer: each pass over them computes them anew, a chunk at a time.
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

/** A chunk of activations: the place of its buffer, its first example, and how many it has. */
export interface ActivationChunk {
  readonly buffer: number;
  readonly firstRow: number;
  readonly rows: number;
}

/** One buffer, and what encodes the computation of a chunk into it. */
export type Streamed = { readonly buffer: Matrix } & Pick<Activations, 'load'>;

/** Computes activations, all at once or a chunk at a time. The scope owns the buffers. */
export interface ActivationSource {
  readonly rows: number;
  readonly columns: number;
  keep(storage: StorageFormat): Promise<ChunkedMatrix>;
  stream(rowsPerChunk: number, storage: StorageFormat): Promise<Streamed>;
}

export interface Residency {
  readonly storage: StorageFormat;
  /** Keeps none of them on the GPU, however few they are. */
  readonly streamActivations?: boolean;
}

/** Activations of more bytes than this are computed anew for each pass instead of kept. */
const LARGEST_RESIDENT = 4 * 2 ** 30;
const STREAMED_ROWS = 4096;

/** Examples at which the outputs of networks are measured at once. */
export const MEASURED_ROWS = 512;

/** What picks are chosen by: kept on the GPU, or streamed when they are too many. */
export async function activationsFrom(
  source: ActivationSource,
  { storage, streamActivations = false }: Residency,
): Promise<Activations> {
  const { rows, columns } = source;
  return streamActivations || rows * columns * BYTES[storage] > LARGEST_RESIDENT
    ? streamedFrom(rows, await source.stream(STREAMED_ROWS, storage))
    : residentActivations(await source.keep(storage));
}

/** Activations in f32 that losses are measured by; nothing where the picks go by f32 already. */
export async function exactActivations(
  { rows, stream }: ActivationSource,
  { storage }: Residency,
): Promise<Activations | undefined> {
  if (storage === 'f32') return undefined;
  return streamedFrom(rows, await stream(MEASURED_ROWS, 'f32'));
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
export function streamedFrom(rows: number, { buffer, load }: Streamed): Activations {
  const chunks = Array.from({ length: Math.ceil(rows / buffer.rows) }, (_, chunk) => ({
    buffer: 0,
    firstRow: chunk * buffer.rows,
    rows: Math.min(buffer.rows, rows - chunk * buffer.rows),
  }));
  const { columns, storage } = buffer;
  return { rows, columns, storage, resident: false, buffers: [buffer], chunks, load };
}
