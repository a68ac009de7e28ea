import type { Images } from '../../src/index.js';

/** Pixels between two tiles of a mosaic. */
const GAP = 4;

type Colour = readonly [red: number, green: number, blue: number];

/** Colours of weights above and below zero. Colour-blind people can tell orange from blue. */
const ABOVE: Colour = [214, 99, 20];
const BELOW: Colour = [38, 108, 196];

/** A weight has the full colour from this many times the root mean square of its neuron on. */
const SPAN = 2.2;

/** Draws one digit in black on a transparent ground. In dark mode the style sheet inverts it. */
export function paintDigit(canvas: HTMLCanvasElement, images: Images, index: number): void {
  const { rows, columns, pixels } = images;
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows);
  const first = index * rows * columns;
  for (let i = 0; i < rows * columns; i++) image.data[4 * i + 3] = pixels[first + i] ?? 0;
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/** The number of columns with which a mosaic is about square. */
export function columnsForTiles(tiles: number): number {
  return Math.ceil(Math.sqrt(tiles));
}

/** Draws each neuron as an image of its weights, in rows and columns. The bias is not drawn. */
export function paintMosaic(
  canvas: HTMLCanvasElement,
  pictures: readonly Float32Array[],
  { rows, columns }: Pick<Images, 'rows' | 'columns'>,
): void {
  const place = fitted(canvas, pictures.length, { rows, columns });
  if (canvas.width === 0) return;
  const image = new ImageData(canvas.width, canvas.height);
  for (const [index, weights] of pictures.entries()) {
    paintTile(image, weights, { ...place(index), rows, columns });
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/** Covers, of a mosaic of `count` neurons, those that are not shown, and frames the chosen one. */
export function paintVeil(
  canvas: HTMLCanvasElement,
  count: number,
  {
    rows,
    columns,
    shown,
    chosen,
  }: Pick<Images, 'rows' | 'columns'> & {
    readonly shown: ReadonlySet<number> | undefined;
    readonly chosen: number | undefined;
  },
): void {
  const place = fitted(canvas, count, { rows, columns });
  const paint = canvas.getContext('2d');
  if (!paint) return;
  paint.fillStyle = getComputedStyle(canvas).color;
  for (let neuron = 0; neuron < count; neuron++) {
    if (!shown || shown.has(neuron)) continue;
    const { x, y } = place(neuron);
    paint.fillRect(x, y, columns, rows);
  }
  if (chosen === undefined) return;
  const { x, y } = place(chosen);
  paint.strokeStyle = getComputedStyle(document.body).color;
  paint.lineWidth = GAP;
  paint.strokeRect(x, y, columns, rows);
}

/** Gives the canvas the size of a mosaic. Returns where its tiles lie. */
function fitted(
  canvas: HTMLCanvasElement,
  count: number,
  { rows, columns }: Pick<Images, 'rows' | 'columns'>,
) {
  const across = columnsForTiles(count);
  const down = across === 0 ? 0 : Math.ceil(count / across);
  canvas.width = Math.max(0, across * (columns + GAP) - GAP);
  canvas.height = Math.max(0, down * (rows + GAP) - GAP);
  return (index: number) => ({
    x: (index % across) * (columns + GAP),
    y: Math.floor(index / across) * (rows + GAP),
  });
}

function paintTile(
  image: ImageData,
  weights: Float32Array,
  {
    x,
    y,
    rows,
    columns,
  }: { readonly x: number; readonly y: number } & Pick<Images, 'rows' | 'columns'>,
): void {
  let squares = 0;
  for (let i = 0; i < rows * columns; i++) squares += (weights[i] ?? 0) ** 2;
  const span = SPAN * Math.sqrt(squares / (rows * columns)) || 1;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const weight = (weights[row * columns + column] ?? 0) / span;
      const [red, green, blue] = weight > 0 ? ABOVE : BELOW;
      const at = 4 * ((y + row) * image.width + x + column);
      image.data[at] = red;
      image.data[at + 1] = green;
      image.data[at + 2] = blue;
      image.data[at + 3] = 255 * Math.min(1, Math.abs(weight));
    }
  }
}

/** A neuron's weights. With `before`, the difference from the weights before training. */
export function weightsAt(
  hidden: Float32Array,
  inputs: number,
  neuron: number,
  before?: Float32Array,
): Float32Array {
  const weights = hidden.slice(neuron * inputs, (neuron + 1) * inputs);
  if (before) {
    for (let i = 0; i < inputs; i++) {
      weights[i] = (weights[i] ?? 0) - (before[neuron * inputs + i] ?? 0);
    }
  }
  return weights;
}
