import type { GraphProto } from 'onnx-buf';
import { EspalierError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
import { quoted } from '../../text.js';
import type { OnnxAxes } from './builder.js';
import { recordedSizes } from './proto.js';

/** Sizes that images have at most. */
const LARGEST_SIDE = 2 ** 14;
/** Channels that images have at most where they may as well be the last axis as the second. */
const FEW_CHANNELS = 4;

/** The one input of a file that is no weight: images. */
export interface OnnxInput {
  readonly input: Graph['input'];
  readonly axes: OnnxAxes;
  /** How many there are at once, where the file says so. */
  readonly images: number | undefined;
}

/** Height and width of the images that a network is read for, where its file leaves them open. */
export type InputSize = readonly [height: number, width: number];

/**
 * @throws EspalierError `bad-network` where there is none, or are several, it takes no images, or leaves their
 * size open and none is given; `bad-config` where it fixes another than is given.
 */
export function inputOfGraph(graph: GraphProto, file: string, given?: InputSize): OnnxInput {
  const known = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !known.has(name));
  const [input, ...others] = inputs;
  if (!input || others.length > 0) {
    throw new EspalierError(
      'bad-network',
      `${file} has ${inputs.length} inputs (${inputs.map(({ name }) => name).join(', ') || 'none'}); one, of images, is needed.`,
    );
  }
  const sizes = recordedSizes(input);
  const [images, ...open] = sizes ?? [];
  const rest = closed(open, given);
  if (given && !(rest.includes(given[0]) && rest.includes(given[1]))) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'inputSize',
      given: given.join(','),
      allowed: 'left out',
      because: `${file} takes images [${open.join(', ')}]`,
    });
  }
  if (open.length === 3 && open.includes(undefined) && !given) {
    throw new EspalierError('bad-network', {
      kind: 'message',
      message: `${file} takes ${quoted(input.name)} of sizes ${shown(sizes)}, and a network is cut for images of one size.`,
      instead: { inputSize: 'HEIGHT,WIDTH' },
    });
  }
  const fits = rest.every(
    (size) => size !== undefined && Number.isInteger(size) && size >= 1 && size <= LARGEST_SIDE,
  );
  const own = rest as number[];
  if (!fits || (own.length !== 3 && own.length !== 1)) {
    throw new EspalierError(
      'bad-network',
      `${file} takes ${quoted(input.name)} of sizes ${shown(sizes)}; images [n, channels, height, width] are needed, of ${LARGEST_SIDE} pixels a side at most.`,
    );
  }
  const [first = 1, second = 1, third = 1] = own;
  const last = own.length === 3 && third <= FEW_CHANNELS && first > FEW_CHANNELS;
  const axes: OnnxAxes = own.length === 1 ? 'NC' : last ? 'NHWC' : 'NCHW';
  const shape = last
    ? { channels: third, height: first, width: second }
    : { channels: first, height: second, width: third };
  return { input: { name: input.name, ...shape }, axes, images };
}

type Sizes = readonly (number | undefined)[];

/** The sizes of an image, of which height and width may be open: the first two where channels are last. */
function closed(sizes: Sizes, given: InputSize | undefined): Sizes {
  if (!given || sizes.length !== 3) return sizes;
  const isFew = (size: number | undefined) => size !== undefined && size <= FEW_CHANNELS;
  const first = isFew(sizes[2]) && !isFew(sizes[0]) ? 0 : 1;
  return sizes.map((size, axis) => size ?? given[axis - first]);
}

function shown(sizes: Sizes | undefined): string {
  return `[${(sizes ?? []).map((size) => size ?? '?').join(', ')}]`;
}

/** Operations that turn logits into shares and may stand behind them. */
const BEHIND_LOGITS = ['Softmax', 'LogSoftmax'];

/**
 * The value that has the logits, and the nodes behind it, by their places in the file.
 *
 * @throws EspalierError `bad-network` where the file has no output or several.
 */
export function outputOfLogits(
  proto: GraphProto,
  file: string,
): {
  readonly output: string;
  readonly tail: ReadonlySet<number>;
} {
  const [output, ...others] = proto.output;
  if (!output || others.length > 0) {
    throw new EspalierError(
      'bad-network',
      `${file} has ${proto.output.length} outputs (${proto.output.map(({ name }) => name).join(', ') || 'none'}); one, of logits, is needed.`,
    );
  }
  let { name } = output;
  const tail = new Set<number>();
  for (;;) {
    const at = proto.node.findIndex((node) => node.output.includes(name));
    const node = proto.node[at];
    if (!node || tail.has(at) || !BEHIND_LOGITS.includes(node.opType))
      return { output: name, tail };
    tail.add(at);
    name = node.input[0] ?? '';
  }
}
