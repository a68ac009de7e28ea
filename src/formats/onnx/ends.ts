import type { GraphProto } from 'onnx-buf';
import { EspalierError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
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

/** @throws EspalierError `bad-network` where there is none, or are several, or it takes no images. */
export function inputOfGraph(graph: GraphProto, file: string): OnnxInput {
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
  const [images, ...rest] = sizes ?? [];
  const fits = rest.every(
    (size) => size !== undefined && Number.isInteger(size) && size >= 1 && size <= LARGEST_SIDE,
  );
  const own = rest as number[];
  if (!fits || (own.length !== 3 && own.length !== 1)) {
    throw new EspalierError(
      'bad-network',
      `${file} takes "${input.name}" of sizes [${(sizes ?? []).map((size) => size ?? '?').join(', ')}]; images [n, channels, height, width] of a size that is fixed are needed: export it with fixed height and width.`,
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
