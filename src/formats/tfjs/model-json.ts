import { z } from 'zod';
import { EspalierError, errorMessage } from '../../errors.js';
import { parseJson } from '../../json.js';
import { quoted } from '../../text.js';

/** Bytes of an element, of the types that are read. */
const ELEMENT_BYTES = {
  float32: 4,
  float16: 2,
  int32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
} as const;

/** How numbers lie in fewer bits: q · scale + min, or as halves. */
const quantizationSchema = z.looseObject({
  dtype: z.enum(['uint8', 'uint16', 'float16']),
  min: z.number().optional(),
  scale: z.number().optional(),
});

const weightSchema = z.looseObject({
  name: z.string().min(1),
  shape: z.array(z.int().nonnegative()),
  dtype: z.string(),
  quantization: quantizationSchema.optional(),
});

const modelSchema = z.looseObject({
  format: z.string().optional(),
  modelTopology: z.looseObject({}),
  weightsManifest: z.array(
    z.looseObject({ paths: z.array(z.string().min(1)), weights: z.array(weightSchema) }),
  ),
});

/** What a TensorFlow.js model.json says of a tensor. */
export type WeightSpec = z.infer<typeof weightSchema>;

/** A TensorFlow.js model.json: a network, and where its weights lie. */
export type TfjsModel = z.infer<typeof modelSchema>;

/** Characters of a model.json at most: of networks of thousands of nodes. */
const MOST_CHARACTERS = 64_000_000;

/** Whether bytes are to be read as a TensorFlow.js model.json: JSON begins so, and no other model does. */
export function looksLikeTfjs(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 64).find((byte) => ![0x20, 0x09, 0x0a, 0x0d].includes(byte)) === 0x7b;
}

/** @throws EspalierError `bad-data` naming `file` where it is no model.json, and what is wrong with it. */
export function parseTfjs(bytes: Uint8Array, file: string): TfjsModel {
  let value: unknown;
  try {
    value = parseJson(bytes, MOST_CHARACTERS);
  } catch (cause) {
    throw brokenModel(file, errorMessage(cause), cause);
  }
  const { data, error } = modelSchema.safeParse(value);
  if (data) return data;
  const { path, message } = error.issues[0] as { path: PropertyKey[]; message: string };
  throw brokenModel(file, path.length > 0 ? `${path.join('.')}: ${message}` : message);
}

/**
 * The names of the files beside a model.json that hold its weights, each once, in order.
 *
 * @throws EspalierError `bad-data` for a name that leads out of the folder.
 */
export function shardNames({ weightsManifest }: TfjsModel, file: string): readonly string[] {
  const names = new Set(weightsManifest.flatMap(({ paths }) => paths));
  for (const name of names) {
    if (!/^([\\/]|[A-Za-z]:|\w+:\/\/)|(^|[\\/])\.\.([\\/]|$)/.test(name)) continue;
    throw brokenModel(file, `it wants weights from ${quoted(name)}; a file beside it is needed`);
  }
  return [...names];
}

/** A tensor as it lies in its file. */
export interface TfjsTensor {
  readonly spec: WeightSpec;
  readonly bytes: Uint8Array;
}

/**
 * The tensors of a network, in the order of the file, by their names. Every file must be as long as its
 * tensors are.
 *
 * @param shards the files beside it by the names that it has for them.
 * @throws EspalierError `bad-data` naming the file that is missing, or the tensor that does not fit.
 */
export function tfjsTensors(
  model: TfjsModel,
  file: string,
  shards: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<string, TfjsTensor> {
  const tensors = new Map<string, TfjsTensor>();
  for (const { paths, weights } of model.weightsManifest) {
    const whole = joinedShards(paths, file, shards);
    let at = 0;
    for (const spec of weights) {
      const size = bytesOfSpec(spec, file);
      if (at + size > whole.length) {
        throw brokenModel(
          file,
          `the tensor ${quoted(spec.name)} lies from byte ${at} to ${at + size} of ${paths.join(', ')}, which end at ${whole.length}`,
        );
      }
      if (tensors.has(spec.name)) throw brokenModel(file, `${quoted(spec.name)} is there twice`);
      tensors.set(spec.name, { spec, bytes: whole.subarray(at, at + size) });
      at += size;
    }
    if (at !== whole.length) {
      throw brokenModel(
        file,
        `its tensors take ${at} bytes of ${paths.join(', ')}, which have ${whole.length}`,
      );
    }
  }
  return tensors;
}

function joinedShards(
  paths: readonly string[],
  file: string,
  shards: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const parts = paths.map((path) => {
    const part = shards.get(path);
    if (part) return part;
    throw brokenModel(file, `${quoted(path)} is missing: put it beside the model.json`);
  });
  return joinedBytes(parts);
}

/** Files one behind the other. */
export function joinedBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function bytesOfSpec({ name, shape, dtype, quantization }: WeightSpec, file: string): number {
  const stored = quantization?.dtype ?? dtype;
  const count = shape.reduce((all, size) => all * size, 1);
  const each = Object.hasOwn(ELEMENT_BYTES, stored)
    ? ELEMENT_BYTES[stored as keyof typeof ELEMENT_BYTES]
    : undefined;
  if (each !== undefined && Number.isSafeInteger(count * each)) return count * each;
  throw brokenModel(
    file,
    `the tensor ${quoted(name)} of type ${quoted(stored)} and shape [${shape.join(', ')}] cannot be read`,
  );
}

/** An error that names the file. */
export function brokenModel(file: string, problem: string, cause?: unknown): EspalierError {
  const message = `${file} is no TensorFlow.js model that can be read: ${problem}.`;
  return new EspalierError('bad-data', message, { cause });
}
