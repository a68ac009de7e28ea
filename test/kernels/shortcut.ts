import { requireSame } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareShortcut } from '../../src/kernels/shortcut.js';
import type { Pair } from '../../src/kernels/window.js';
import { shortcutReference } from '../../src/reference/shortcut.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, writtenValues } from './memory.js';

export interface ShortcutSpec {
  /** Images, rows, columns, channels. */
  readonly input: readonly [images: number, height: number, width: number, channels: number];
  readonly stride: Pair;
  /** Channels of the output, and the one where the input's first goes. */
  readonly channels: number;
  readonly before: number;
  /** The first position that is read, and rows and columns of what is written. */
  readonly window?: { readonly from: Pair; readonly height: number; readonly width: number };
  /** Of a call for fewer images than there are. */
  readonly called?: number;
}

export const SHORTCUT_SPECS: readonly ShortcutSpec[] = [
  { input: [1, 1, 1, 1], stride: [1, 1], channels: 1, before: 0 },
  { input: [3, 8, 8, 16], stride: [2, 2], channels: 32, before: 8, called: 2 },
  { input: [2, 7, 5, 13], stride: [2, 2], channels: 27, before: 7 },
  { input: [2, 9, 7, 3], stride: [1, 3], channels: 5, before: 1 },
  { input: [1, 5, 3, 4], stride: [2, 1], channels: 10, before: 4 },
  { input: [1, 3, 5, 6], stride: [1, 1], channels: 11, before: 5 },
];

/** Windows over the map and beyond it; not for the gradient, which undoes whole maps. */
const WINDOW_SPECS: readonly ShortcutSpec[] = [
  {
    input: [3, 8, 7, 16],
    stride: [1, 1],
    channels: 16,
    before: 0,
    window: { from: [-1, 1], height: 8, width: 7 },
    called: 2,
  },
  {
    input: [2, 5, 9, 13],
    stride: [2, 3],
    channels: 13,
    before: 0,
    window: { from: [-1, -2], height: 3, width: 4 },
  },
  {
    input: [2, 6, 5, 8],
    stride: [6, 1],
    channels: 8,
    before: 0,
    window: { from: [5, 0], height: 1, width: 5 },
  },
  {
    input: [1, 3, 3, 5],
    stride: [1, 1],
    channels: 7,
    before: 1,
    window: { from: [2, 3], height: 2, width: 1 },
  },
];

/** Numbers of a map [images, height, width, channels] by their place, zero beyond it. */
export function elementOfMap(data: Float32Array, height: number, width: number, channels: number) {
  return (image: number, y: number, x: number, channel: number) => {
    if (y < 0 || x < 0 || y >= height || x >= width) return 0;
    return data[((image * height + y) * width + x) * channels + channel] ?? Number.NaN;
  };
}

export function sizesOfShortcut({ input, stride, channels, window }: ShortcutSpec) {
  const [images, height, width, own] = input;
  const output = {
    height: window?.height ?? Math.ceil(height / stride[0]),
    width: window?.width ?? Math.ceil(width / stride[1]),
    channels,
  };
  return { images, from: { height, width, channels: own }, output };
}

export function nameOfShortcut(
  kernel: string,
  { input, stride, channels, before, window, called }: ShortcutSpec,
) {
  return `${kernel} ${input.join(' × ')} by ${stride.join(' × ')} to ${channels} channels from ${before} on${window ? `, ${window.height} × ${window.width} from ${window.from.join(', ')} on` : ''}${called ? `, ${called} images` : ''}`;
}

/** With zeros around, and, where the strides are 1, as a part of a concatenation. */
export const shortcutCases: readonly KernelCase[] = [...SHORTCUT_SPECS, ...WINDOW_SPECS].flatMap(
  (spec) =>
    [false, true].map((partly) =>
      memoryCase(
        `${nameOfShortcut('shortcut', spec)}${partly ? ', partly' : ''}`,
        async (device, memory) => {
          const { images, from, output } = sizesOfShortcut(spec);
          const x = randomNumbers(images * from.height * from.width * from.channels, 1);
          const others = randomNumbers(images * output.height * output.width * output.channels, 2);
          const out = partly
            ? memory.map({ images, ...output }, others)
            : memory.map({ images, ...output });
          const run = await prepareShortcut(device, {
            input: memory.map({ images, ...from }, x),
            output: out,
            stride: spec.stride,
            before: spec.before,
            from: spec.window?.from,
            partly,
          });
          const commands = new Commands(device);
          // What is written in part is full, and shows nothing of images left out.
          const called = partly ? images : (spec.called ?? images);
          run(commands, { images: called });
          await commands.finish();
          const expected = shortcutReference(
            {
              channels: from.channels,
              output,
              stride: spec.stride,
              before: spec.before,
              from: spec.window?.from,
              x: elementOfMap(x, from.height, from.width, from.channels),
              around: partly
                ? elementOfMap(others, output.height, output.width, output.channels)
                : undefined,
            },
            called,
          );
          requireSame(await writtenValues(out, called), expected);
        },
      ),
    ),
);
