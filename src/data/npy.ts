import { EspalierError } from '../errors.js';
import { quoted } from '../text.js';
import type { Pictures } from './pictures.js';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** A header says no more than a type and a shape. */
const LONGEST_HEADER = 10_000;
const HEADER =
  /^\{\s*'descr':\s*'([^']*)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d,\s]*)\),?\s*\}\s*$/;

/**
 * Reads unlabelled pictures from an array that NumPy saved (`numpy.lib.format`, versions 1 to 3):
 * bytes (uint8) of the shape [n, height, width, channels], with 1 or 3 channels, or [n, height, width].
 * `pixels` is a view of `bytes`.
 *
 * @throws EspalierError `bad-data` naming `file`, what it holds, and how to save what is needed.
 */
export function decodeNpy(bytes: Uint8Array, file: string): Pictures {
  const { header, begin } = readHeader(bytes, file);
  const [, type, order, sizes] = HEADER.exec(header) ?? [];
  if (type === undefined || sizes === undefined) {
    throw broken(file, `its header ${quoted(header)} describes no array`);
  }
  if (!/^[|<>=]?u1$/.test(type)) {
    throw broken(
      file,
      `its elements are ${quoted(type)}, expected bytes: save images.astype('uint8')`,
    );
  }
  if (order === 'True') {
    throw broken(file, "it is in Fortran's order: save numpy.ascontiguousarray(images)");
  }
  const shape = sizes
    .split(',')
    .map((size) => size.trim())
    .filter(Boolean)
    .map(Number);
  const [count, height, width, channels = 1] = shape;
  const whole = shape.every((size) => Number.isSafeInteger(size) && size > 0);
  if (!whole || !count || !height || !width || shape.length > 4 || ![1, 3].includes(channels)) {
    throw broken(
      file,
      `its shape is [${shape.join(', ')}], expected [n, height, width, channels] with 1 or 3 channels`,
    );
  }
  const expected = shape.reduce((product, size) => product * size, 1);
  if (bytes.length - begin !== expected) {
    throw broken(
      file,
      `its shape [${shape.join(', ')}] needs ${expected} bytes from offset ${begin}, found ${bytes.length - begin}`,
    );
  }
  // Not `subarray`, which keeps a Node Buffer a Buffer, whose `slice` is a view instead of a copy.
  const pixels = new Uint8Array(bytes.buffer, bytes.byteOffset + begin, expected);
  return { count, height, width, channels, pixels };
}

/** The text that describes the array, and where the array begins. */
function readHeader(bytes: Uint8Array, file: string): { header: string; begin: number } {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw broken(file, 'it does not begin with \\x93NUMPY');
  }
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) throw broken(file, `it is of the unknown version ${version}`);
  const sizeBytes = version === 1 ? 2 : 4;
  const at = 8 + sizeBytes;
  if (bytes.length < at) throw broken(file, `it breaks off at offset ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const begin = at + length;
  if (length > LONGEST_HEADER || begin > bytes.length) {
    throw broken(file, `it claims a header of ${length} bytes in a file of ${bytes.length}`);
  }
  return { header: new TextDecoder().decode(bytes.subarray(at, begin)), begin };
}

function broken(file: string, problem: string): EspalierError {
  return new EspalierError(
    'bad-data',
    `${file} is not an array of images that NumPy saved: ${problem}.`,
  );
}
