import { crc32 } from '../crc32.js';
import { EspalierError } from '../errors.js';
import {
  decodeMetadata,
  decodeSafetensors,
  encodeSafetensors,
  type Tensor,
} from './safetensors.js';

/** The key of the checksum among a file's metadata. */
const SEAL = 'contents-crc32';

type Metadata = Readonly<Record<string, string>>;

/** The tensors of a file, and what it says of itself. */
export interface Sealed {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Whether it carried a checksum, which was right. */
  readonly sealed: boolean;
}

/**
 * Encodes tensors as `encodeSafetensors` does, with a checksum among the metadata: the CRC-32 of names,
 * types, shapes, elements and the other metadata. It tells files that were changed or damaged; it is no
 * guard against forged ones.
 */
export function encodeSealed(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Metadata = {},
): Uint8Array<ArrayBuffer> {
  const seal = checksum(Object.entries(tensors), Object.entries(metadata));
  return encodeSafetensors(tensors, { ...metadata, [SEAL]: seal });
}

/**
 * Decodes what `encodeSealed` wrote, or any other safetensors file, from untrusted bytes.
 *
 * @throws EspalierError `bad-data` naming `file` when it is malformed, or another than its checksum says.
 */
export function decodeSealed(bytes: Uint8Array, file: string): Sealed {
  const tensors = decodeSafetensors(bytes, file);
  const metadata = decodeMetadata(bytes, file);
  const seal = metadata.get(SEAL);
  const others = [...metadata].filter(([key]) => key !== SEAL);
  if (seal !== undefined && seal !== checksum([...tensors], others)) {
    throw new EspalierError(
      'bad-data',
      `${file} was changed or damaged: its contents are not those of its checksum.`,
    );
  }
  return { tensors, metadata, sealed: seal !== undefined };
}

function checksum(
  tensors: readonly (readonly [string, Tensor])[],
  metadata: readonly (readonly [string, string])[],
): string {
  const described = tensors.map(([name, { dtype, shape }]) => [name, dtype, shape]);
  const text = JSON.stringify([described, metadata]);
  const parts = tensors.map(
    ([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  return crc32(new TextEncoder().encode(text), ...parts)
    .toString(16)
    .padStart(8, '0');
}
