import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { unroll } from './unroll.js';

export interface GatherImagesOptions {
  readonly height: number;
  readonly width: number;
  /** For each channel, what makes a pixel / 255 a number of the map: scale · pixel + shift. */
  readonly normalisation: readonly { readonly scale: number; readonly shift: number }[];
  /** Image i of the call is image indices[first + i] of the data instead of first + i. */
  readonly gather: boolean;
  /** The data are the images of the call alone, in its order; an index says which draw of chance an image has. */
  readonly packed: boolean;
  /** Images are cropped and flipped by chance. */
  readonly augment: boolean;
}

export const GATHER_IMAGES_THREADS = 64;

/** Black pixels around an image, out of which it is cropped to its own size again. */
const CROP_PADDING = 4;

/**
 * One position of the map a thread, its channels from consecutive bytes. What chance decides of an
 * image follows from the call's key and the image's index: h = mixed(mixed(index) ^ key), mixed
 * being MurmurHash3's 32-bit finaliser. The high and the low half of h, each times 9 / 2¹⁶ rounded
 * down and less 4, say by how many rows and columns the crop is moved; it is mirrored where the
 * highest bit of mixed(h) is set.
 */
export function gatherImagesShader(options: GatherImagesOptions) {
  const { height, width, normalisation, gather, packed, augment } = options;
  const channels = normalisation.length;
  const vectors = Math.ceil(channels / 4);
  const offsets = 2 * CROP_PADDING + 1;
  const four = (v: number, part: 'scale' | 'shift') => {
    const numbers = [0, 1, 2, 3].map((lane) => normalisation[4 * v + lane]?.[part] ?? 0);
    return `vec4<f32>(${numbers.join(', ')})`;
  };
  return {
    name: 'gather-images',
    bindings: {
      pixels: ['read', 'u32'],
      map: ['read_write', 'vec4<f32>'],
      ...(gather && ({ indices: ['read', 'u32'] } as const)),
    },
    uniforms: { positions: 'u32', first: 'u32', key: 'u32' },
    workgroupSize: [GATHER_IMAGES_THREADS, 1],
    body: wgsl`
fn mixed(word: u32) -> u32 {
  var hash = (word ^ (word >> 16u)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13u)) * 0xc2b2ae35u;
  return hash ^ (hash >> 16u);
}

// Four bytes from any one on.
fn bytes_from(at: u32) -> u32 {
  let shift = 8u * (at & 3u);
  let low = pixels[at >> 2u] >> shift;
  // All of the second word is shifted out, in two steps, where the first is taken whole.
  return low | ((pixels[(at >> 2u) + 1u] << 1u) << (31u - shift));
}

fn kernel(workgroup: u32, local: u32) {
  let position = workgroup * ${GATHER_IMAGES_THREADS}u + local;
  if (position >= params.positions) { return; }
  let place = params.first + position / ${height * width}u;
#if ${gather}
  let image = indices[place];
#else
  let image = place;
#endif
#if ${packed}
  let stored = position / ${height * width}u;
#else
  let stored = image;
#endif
  var y = i32((position / ${width}u) % ${height}u);
  var x = i32(position % ${width}u);
#if ${augment}
  let chance = mixed(mixed(image) ^ params.key);
  if ((mixed(chance) >> 31u) == 1u) { x = ${width - 1} - x; }
  y += i32(((chance >> 16u) * ${offsets}u) >> 16u) - ${CROP_PADDING};
  x += i32(((chance & 0xffffu) * ${offsets}u) >> 16u) - ${CROP_PADDING};
#endif
  let inside = y >= 0 && y < ${height} && x >= 0 && x < ${width};
  let at = select(0u, ((stored * ${height}u + u32(y)) * ${width}u + u32(x)) * ${channels}u, inside);
${unroll(
  vectors,
  (v) => `  let bytes${v} = select(0u, bytes_from(at + ${4 * v}u), inside);
  map[position * ${vectors}u + ${v}u] =
    fma(unpack4x8unorm(bytes${v}), ${four(v, 'scale')}, ${four(v, 'shift')});`,
)}
}
`,
  } as const;
}
