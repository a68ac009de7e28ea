import { EspalierError } from '../errors.js';
import { decodedText, quoted } from '../text.js';
import { type LabelledImages, labelledImages } from './images.js';

/** As much as one text holds on every platform, and ten times all of MNIST. */
export const MOST_CSV_BYTES = 2 ** 29 - 24;

/** What a column of labels is called. */
const LABEL = /^(labels?|class|target|y|digit)$/i;

/** What a column that counts the rows is called: pandas writes one without a name. */
const ROW_NUMBER = /^(|index|id|unnamed: 0)$/i;

/** Whole numbers as tables have them: 7, 7.0, and 7.000000000000000000e+00 of NumPy's `savetxt`. */
const NUMBER = /^\d+(\.0*)?$|^\d\.\d+e[+-]\d{1,2}$/;

const MOST_LABEL = 9;

/** Where each row has its label: in the first or in the last of the columns that are read. */
export type LabelPlace = 'first' | 'last';

/** Rows of whole numbers from 0 to 255 without their row numbers. */
interface Table {
  readonly count: number;
  readonly columns: number;
  readonly values: Uint8Array;
  /** The column of the labels by the heading, if it says. */
  readonly label: number | undefined;
  /** By row. */
  readonly lineNumbers: readonly number[];
}

/**
 * Reads grey images from a table as text: on each line a label from 0 to 9 and as many values from 0 to
 * 255 as a square image has pixels, row by row. They are parted by commas, semicolons, tabs or spaces,
 * in quotes or not; lines end in any way; the text is UTF-8 or, by its mark, UTF-16. A first line that
 * is no row of numbers is a heading. It tells the column of the labels (`label`, `class`, `target`, `y`
 * or `digit`), wherever it is, and columns of row numbers (`id`, `index` or no name), which are left
 * out. Without a heading the labels are in the first or last column, whichever has several values and
 * none above 9.
 *
 * @param place of the labels, where another file of the same data set tells it.
 * @throws EspalierError `bad-data` naming the file, the line and what was expected; also when both the
 *   first and the last column could hold the labels.
 */
export function parseCsv(
  bytes: Uint8Array,
  file: string,
  place?: LabelPlace,
): { readonly images: LabelledImages; readonly place: LabelPlace | undefined } {
  const table = readTable(decoded(bytes, file), file);
  const { count, columns, values, lineNumbers } = table;
  const side = Math.sqrt(columns - 1);
  if (!Number.isInteger(side) || side < 2) {
    const unlabelled = Number.isInteger(Math.sqrt(columns)) ? ', or labels are missing' : '';
    throw new EspalierError(
      'bad-data',
      `${file} has ${columns} values a line: expected a label and the pixels of a square image, 785 for 28 × 28${unlabelled}.`,
    );
  }
  const label = table.label ?? (place ? placed(place, columns) : labelByRange(table, file));
  const pixels = new Uint8Array(count * (columns - 1));
  const labels = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const start = row * columns;
    const own = values[start + label]!;
    if (own > MOST_LABEL) {
      throw bad(file, lineNumbers[row]!, `the label is ${own}, expected a digit from 0 to 9`);
    }
    labels[row] = own;
    const to = row * (columns - 1);
    pixels.set(values.subarray(start, start + label), to);
    pixels.set(values.subarray(start + label + 1, start + columns), to + label);
  }
  const found = label === 0 ? 'first' : label === columns - 1 ? 'last' : undefined;
  return {
    images: labelledImages({ count, rows: side, columns: side, pixels }, labels, file),
    place: found,
  };
}

/** Whether a file that begins so is a table of images with labels; the last line of `head` may be cut. */
export function beginsAsImages(head: Uint8Array): boolean {
  const [first = '', second = first] = linesOf(decodedText(head)).filter((line) => line !== '');
  const cells = cellsOf(second, delimiterOf(second));
  const squares = [1, 2].map((others) => Math.sqrt(cells.length - others));
  return (
    cells.length > 4 && squares.some(Number.isInteger) && cells.every((cell) => NUMBER.test(cell))
  );
}

function decoded(bytes: Uint8Array, file: string): string {
  if (bytes.length > MOST_CSV_BYTES) {
    throw new EspalierError(
      'bad-data',
      `${file} has ${bytes.length} bytes: a CSV may have ${MOST_CSV_BYTES}. Divide it, or bring IDX files.`,
    );
  }
  return decodedText(bytes);
}

function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/);
}

function readTable(text: string, file: string): Table {
  const lines = linesOf(text);
  const lineNumbers = [...lines.keys()].filter((index) => lines[index]!.trim() !== '');
  const [top = 0] = lineNumbers;
  const delimiter = delimiterOf(lines[top] ?? '');
  const heading = cellsOf(lines[top] ?? '', delimiter);
  const named = isHeading(heading);
  if (named) lineNumbers.shift();
  const [begin] = lineNumbers;
  if (begin === undefined) {
    throw new EspalierError(
      'bad-data',
      `${file} has no lines of numbers: expected a label and the pixels on each.`,
    );
  }
  const parted = delimiterOf(lines[begin]!);
  const width = cellsOf(lines[begin]!, parted).length;
  const { label, left } = named ? columnsNamed(heading, width, file) : NO_NAMES;
  const columns = width - left.size;
  const values = new Uint8Array(lineNumbers.length * columns);
  let to = 0;
  for (const index of lineNumbers) {
    const cells =
      plainNumbers(lines[index]!, parted) ?? cellsOf(lines[index]!, parted).map(toNumber);
    if (cells.length !== width) {
      throw bad(file, index + 1, `there are ${cells.length} values, expected ${width}`);
    }
    for (let column = 0; column < width; column++) {
      if (left.has(column)) continue;
      const value = cells[column]!;
      // Also what is no number.
      if (!(value <= 255)) {
        const found = quoted(cellsOf(lines[index]!, parted)[column] ?? '');
        throw bad(
          file,
          index + 1,
          `value ${column + 1} is ${found}, expected a whole number from 0 to 255`,
        );
      }
      values[to++] = value;
    }
  }
  return {
    count: lineNumbers.length,
    columns,
    values,
    label,
    lineNumbers: lineNumbers.map((index) => index + 1),
  };
}

function delimiterOf(line: string): string {
  return [',', ';', '\t'].find((each) => line.includes(each)) ?? ' ';
}

/** The cells of a line without quotes and space around them; none behind a delimiter that ends it. */
function cellsOf(line: string, delimiter: string): readonly string[] {
  const parts = delimiter === ' ' ? line.trim().split(/ +/) : line.split(delimiter);
  const cells = parts.map((part) =>
    part
      .trim()
      .replace(/^(["'])(.*)\1$/, '$2')
      .trim(),
  );
  return cells.length > 1 && cells.at(-1) === '' ? cells.slice(0, -1) : cells;
}

/** The numbers of a line that has nothing but digits and delimiters, as nearly all have. */
function plainNumbers(line: string, delimiter: string): readonly number[] | undefined {
  const part = delimiter.charCodeAt(0);
  const numbers: number[] = [];
  let value = 0;
  let digits = 0;
  for (let at = 0; at < line.length; at++) {
    const char = line.charCodeAt(at);
    if (char >= 48 && char <= 57 && digits < 9) {
      value = 10 * value + char - 48;
      digits++;
    } else if (char === part && digits > 0) {
      numbers.push(value);
      value = 0;
      digits = 0;
    } else return undefined;
  }
  if (digits > 0) numbers.push(value);
  return numbers;
}

function toNumber(cell: string): number {
  const value = NUMBER.test(cell) ? Number(cell) : Number.NaN;
  return Number.isInteger(value) ? value : Number.NaN;
}

/** A row of names, one that names the labels, or one that counts its columns, as pandas heads a table. */
function isHeading(cells: readonly string[]): boolean {
  // Any other that holds a number is a row, be it a wrong one.
  const isName = (cell: string) => cell === '' || Number.isNaN(Number(cell));
  if (cells.every(isName) || cells.some((cell) => LABEL.test(cell))) return true;
  const counting = ROW_NUMBER.test(cells[0]!) ? cells.slice(1) : cells;
  const first = Number(counting[0]);
  return counting.length > 9 && counting.every((cell, i) => Number(cell) === first + i);
}

interface NamedColumns {
  /** Of the labels, among the columns that are read. */
  readonly label: number | undefined;
  /** Columns that are left out. */
  readonly left: ReadonlySet<number>;
}

const NO_NAMES: NamedColumns = { label: undefined, left: new Set() };

function columnsNamed(heading: readonly string[], width: number, file: string): NamedColumns {
  const labels = [...heading.keys()].filter((column) => LABEL.test(heading[column]!));
  const [label] = labels;
  if (labels.length > 1) {
    const names = labels.map((column) => quoted(heading[column]!)).join(' and ');
    throw new EspalierError(
      'bad-data',
      `${file} has several columns that may be the labels, ${names}: keep one of them.`,
    );
  }
  if (heading.length === width) {
    const left = [...heading.keys()].filter((column) => ROW_NUMBER.test(heading[column]!));
    const before = left.filter((column) => column < (label ?? 0)).length;
    return { label: label === undefined ? undefined : label - before, left: new Set(left) };
  }
  // A heading may name the pixels as a whole: `label,pixels`.
  if (label === 0) return { label, left: new Set() };
  if (label === heading.length - 1) return { label: width - 1, left: new Set() };
  if (label === undefined) return NO_NAMES;
  throw new EspalierError(
    'bad-data',
    `${file} has a heading of ${heading.length} columns over rows of ${width}: name each column.`,
  );
}

function placed(place: LabelPlace, columns: number): number {
  return place === 'first' ? 0 : columns - 1;
}

function labelByRange(table: Table, file: string): number {
  const { columns } = table;
  const fitting = [0, columns - 1].filter((column) => mayBeLabels(table, column));
  const [label] = fitting;
  if (label !== undefined && fitting.length === 1) return label;
  const why =
    label === undefined
      ? 'neither its first nor its last column holds labels, digits from 0 to 9 of several classes'
      : 'its first and its last column could both be the labels';
  throw new EspalierError(
    'bad-data',
    `${file} does not tell which column holds the labels: ${why}. Give it a heading that names that column "label".`,
  );
}

/** Whether a column has several values, and none that is no digit. */
function mayBeLabels({ count, columns, values }: Table, column: number): boolean {
  let several = false;
  for (let row = 0; row < count; row++) {
    const value = values[row * columns + column]!;
    if (value > MOST_LABEL) return false;
    several ||= value !== values[column];
  }
  return several;
}

function bad(file: string, line: number, problem: string): EspalierError {
  return new EspalierError('bad-data', `${file}, line ${line}: ${problem}.`);
}
