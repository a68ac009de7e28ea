import { crc32 } from '../crc32.js';
import { EspalierError } from '../errors.js';
import {
  decodeMetadata,
  decodeSafetensors,
  encodeSafetensors,
  type LongTensor,
  storedTensors,
  type Tensor,
} from './safetensors.js';

/** The key of the checksum among a file's metadata. */
const SEAL = 'contents-crc32';

type Metadata = Readonly<Record<string, string>>;

/** What a file says of itself, and whether it can be relied on. */
export interface Seal {
  readonly metadata: ReadonlyMap<string, string>;
  /** Whether it carried a checksum, which was right. */
  readonly sealed: boolean;
}

/** The tensors of a file, and what it says of itself. */
export interface Sealed extends Seal {
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/**
 * Encodes tensors as `encodeSafetensors` does, with a checksum among the metadata: the CRC-32 of names,
 * types, shapes, elements and the other metadata. It tells files that were changed or damaged; it is no
 * guard against forged ones.
 */
export function encodeSealed(
  tensors: Readonly<Record<string, Tensor | LongTensor>>,
  metadata: Metadata = {},
): Uint8Array<ArrayBuffer> {
  const described = Object.entries(tensors).map(([name, { dtype, shape, data }]): Described => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return [name, { dtype, shape, bytes }];
  });
  const { [SEAL]: _, ...others } = metadata;
  const seal = checksum(described, Object.entries(others));
  return encodeSafetensors(tensors, { ...others, [SEAL]: seal });
}

/**
 * Decodes what `encodeSealed` wrote, or any other safetensors file, from untrusted bytes.
 *
 * @throws EspalierError `bad-data` naming `file` when it is malformed, or another than its checksum says.
 */
export function decodeSealed(bytes: Uint8Array, file: string): Sealed {
  return { ...checkSeal(bytes, file), tensors: decodeSafetensors(bytes, file) };
}

/**
 * Compares a safetensors file with the checksum that it may carry, which is no part of the metadata
 * given back.
 *
 * @throws EspalierError `bad-data` naming `file` when it is malformed, or another than its checksum says.
 */
export function checkSeal(bytes: Uint8Array, file: string): Seal {
  const metadata = new Map(decodeMetadata(bytes, file));
  const seal = metadata.get(SEAL);
  metadata.delete(SEAL);
  if (seal !== undefined && seal !== checksum([...storedTensors(bytes, file)], [...metadata])) {
    throw new EspalierError(
      'bad-data',
      `${file} was changed or damaged: its contents are not those of its checksum. Whoever changed it on purpose leaves ${SEAL} out of its metadata.`,
    );
  }
  return { metadata, sealed: seal !== undefined };
}

/** A tensor as a file holds it. */
type Described = readonly [
  name: string,
  tensor: {
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly bytes: Uint8Array;
  },
];

function checksum(
  tensors: readonly Described[],
  metadata: readonly (readonly [string, string])[],
): string {
  const described = tensors.map(([name, { dtype, shape }]) => [name, dtype, shape]);
  const text = new TextEncoder().encode(JSON.stringify([described, metadata]));
  return crc32(text, ...tensors.map(([, { bytes }]) => bytes))
    .toString(16)
    .padStart(8, '0');
}
