import { MATMUL_VARIANTS, type MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { type Pair, type Window, windowPositions } from '../../src/kernels/window.js';
import type { MapElement } from '../../src/reference/convolution.js';
import { type KernelCase, whereItRuns } from './case.js';
import { type Memory, memoryCase } from './memory.js';

/** A convolution's sizes, as cases list them. */
export interface ConvolutionShape {
  /** Images, rows, columns, channels. */
  readonly input: readonly [images: number, height: number, width: number, channels: number];
  readonly outputs: number;
  readonly kernel: Pair;
  readonly stride?: Pair;
  /** Above, to the left, below, to the right. */
  readonly padding?: readonly [number, number, number, number];
  readonly groups?: number;
  /** Of a call for fewer images than there are. */
  readonly called?: number;
}

export const AROUND = [1, 1, 1, 1] as const;

/** All that follows from the sizes. */
export function convolutionSizes(shape: ConvolutionShape) {
  const { outputs, kernel, stride = [1, 1], padding = [0, 0, 0, 0], groups = 1 } = shape;
  const [images, height, width, channels] = shape.input;
  const [top, left, bottom, right] = padding;
  const window: Window = { kernel, stride, padding: { top, left, bottom, right } };
  const input = { height, width, channels };
  return {
    images,
    called: shape.called ?? images,
    window,
    input,
    output: { ...windowPositions(window, input), channels: outputs },
    filter: { outputs, channels: channels / groups, kernel },
    groups,
    /** As an oracle takes it. */
    problem: {
      input,
      output: { ...windowPositions(window, input), channels: outputs },
      kernel,
      stride,
      top,
      left,
      groups,
    },
  };
}

/** Values of a map, row-major. */
export function mapElement(
  data: Float32Array,
  { height, width, channels }: { height: number; width: number; channels: number },
): MapElement {
  return (n, y, x, c) => data[((n * height + y) * width + x) * channels + c] ?? Number.NaN;
}

/** Values of a weight as PyTorch shapes it. */
export function weightElement(
  data: Float32Array,
  { channels, kernel }: { channels: number; kernel: Pair },
) {
  return (o: number, c: number, ky: number, kx: number) =>
    data[((o * channels + c) * kernel[0] + ky) * kernel[1] + kx] ?? Number.NaN;
}

/** A case for each variant that the adapter can run; for one where groups leave no choice. */
export function variantCases(
  kernel: string,
  shape: ConvolutionShape,
  more: readonly unknown[],
  body: (
    variant: MatmulVariant,
    ...context: Parameters<Parameters<typeof memoryCase>[1]>
  ) => Promise<void>,
): readonly KernelCase[] {
  const grouped = (shape.groups ?? 1) > 1;
  return MATMUL_VARIANTS.slice(0, grouped ? 1 : undefined).map((variant) => {
    const name = [kernel, grouped ? 'grouped' : variant, describe(shape, more)].join(' ');
    const played = memoryCase(name, (device, memory: Memory) => body(variant, device, memory));
    return whereItRuns(variant, played);
  });
}

function describe(shape: ConvolutionShape, more: readonly unknown[]): string {
  const { input, outputs, kernel, stride, padding, groups, called } = shape;
  return [
    `${input.join(' × ')} to ${outputs} by ${kernel.join(' × ')}`,
    stride && `steps ${stride.join(' × ')}`,
    padding && `padded ${padding.join(' ')}`,
    groups && `${groups} groups`,
    ...more,
    called && `${called} images`,
  ]
    .filter(Boolean)
    .join(', ');
}
