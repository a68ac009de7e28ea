import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/**
 * A second reader of a run's files. It knows sections 1 and 3 of the design and nothing of the
 * library: its own parsers and its own preprocessing, in float64. The maths are in oracle.ts.
 */

export interface Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Parses a safetensors file of F32 and U32 tensors; throws where the file breaks the format. */
export function readTensors(file: string): ReadonlyMap<string, Tensor> {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, Tensor>();
  let covered = 0;
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  for (const [name, { dtype, shape, data_offsets }] of entries.sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0],
  )) {
    const [begin, end] = data_offsets;
    const length = shape.reduce((product, extent) => product * extent, 1);
    if (dtype !== 'F32' && dtype !== 'U32') throw new Error(`${file}: ${name} is ${dtype}`);
    if (begin !== covered || end - begin !== 4 * length) throw new Error(`${file}: ${name} is off`);
    covered = end;
    const data = Float64Array.from({ length }, (_, i) => {
      const at = start + begin + 4 * i;
      return dtype === 'F32' ? view.getFloat32(at, true) : view.getUint32(at, true);
    });
    tensors.set(name, { dtype, shape, data });
  }
  if (start + covered !== bytes.length) throw new Error(`${file} is longer than its tensors`);
  return tensors;
}

export interface LabelledImages {
  readonly count: number;
  readonly size: number;
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** Reads one pair of IDX files, plain or gzipped. */
export function readImages(imagesFile: string, labelsFile: string): LabelledImages {
  const read = (file: string) => {
    const bytes = readFileSync(file);
    return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  };
  const images = read(imagesFile);
  const size = images.readUInt32BE(8) * images.readUInt32BE(12);
  return {
    count: images.readUInt32BE(4),
    size,
    pixels: images.subarray(16),
    labels: read(labelsFile).subarray(8),
  };
}

export type Task = 'below-five' | 'parity' | 'digits';

/** X [m × d] and Y [m × C], row-major. */
export interface Problem {
  readonly m: number;
  readonly d: number;
  readonly c: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Preprocesses the examples at `indices`: x / 255, each row divided by its norm, then a 1. */
export function problemFromImages(
  { size, pixels, labels }: LabelledImages,
  task: Task,
  indices: Iterable<number>,
): Problem {
  const chosen = [...indices];
  const [m, d, c] = [chosen.length, size + 1, task === 'digits' ? 10 : 1];
  const x = new Float64Array(m * d);
  const y = new Float64Array(m * c);
  chosen.forEach((index, j) => {
    const row = Array.from(pixels.subarray(index * size, (index + 1) * size), (p) => p / 255);
    const norm = Math.hypot(...row);
    if (norm > 0)
      x.set(
        row.map((value) => value / norm),
        j * d,
      );
    x[j * d + size] = 1;
    const label = labels[index] as number;
    if (task === 'digits') y[j * c + label] = 1;
    else y[j] = (task === 'below-five' ? label < 5 : label % 2 === 0) ? 1 : 0;
  });
  return { m, d, c, x, y };
}

/** A [n × d] and B [n × C], row-major. */
export interface Network {
  readonly n: number;
  readonly a: Float64Array;
  readonly b: Float64Array;
}

/** The network of a file's `hidden.weight` and `output.weight`; throws unless [n × d] and [n × C]. */
export function networkFromTensors(
  tensors: ReadonlyMap<string, Tensor>,
  { d, c }: Problem,
): Network {
  const [hidden, output] = [tensors.get('hidden.weight'), tensors.get('output.weight')];
  if (!hidden || !output) throw new Error('A network has hidden.weight and output.weight.');
  const n = hidden.shape[0] ?? 0;
  const shapes = JSON.stringify([hidden.dtype, hidden.shape, output.dtype, output.shape]);
  if (shapes !== JSON.stringify(['F32', [n, d], 'F32', [n, c]])) throw new Error(shapes);
  return { n, a: hidden.data, b: output.data };
}
