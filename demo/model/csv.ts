import { EspalierError, type LabelledImages, labelledImages } from '../../src/index.js';

/**
 * Reads lines of `label, pixel, pixel, …`: labels from 0 to 9, as many grey values from 0 to 255 as
 * a square image has pixels. A first line that does not begin with a number is a heading.
 *
 * @throws bad-data naming the file, the line and what was expected.
 */
export function parseCsv(text: string, file: string): LabelledImages {
  const lines = text.split(/\r?\n/);
  const rows: number[][] = [];
  lines.forEach((line, index) => {
    if (line.trim() === '') return;
    const cells = line.split(/[,;\t]/);
    const values = cells.map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell)));
    if (rows.length === 0 && index === 0 && Number.isNaN(values[0])) return;
    const wrong = values.findIndex(
      (value) => !(Number.isInteger(value) && value >= 0 && value <= 255),
    );
    if (wrong >= 0) {
      throw bad(
        file,
        index,
        `value ${wrong + 1} is "${(cells[wrong] ?? '').trim().slice(0, 20)}", expected a whole number from 0 to 255`,
      );
    }
    const [label = 0] = values;
    if (label > 9) throw bad(file, index, `the label is ${label}, expected a digit from 0 to 9`);
    const expected = rows[0]?.length ?? values.length;
    if (values.length !== expected) {
      throw bad(file, index, `there are ${values.length} values, expected ${expected}`);
    }
    rows.push(values);
  });
  const [first] = rows;
  const side = Math.sqrt((first?.length ?? 0) - 1);
  if (!first || !Number.isInteger(side) || side < 2) {
    throw new EspalierError(
      'bad-data',
      first
        ? `${file} has ${first.length} values a line: expected a label and the pixels of a square image, 785 for 28 × 28.`
        : `${file} has no lines of numbers: expected a label and the pixels on each.`,
    );
  }
  const pixels = new Uint8Array(rows.length * side * side);
  for (const [row, values] of rows.entries()) pixels.set(values.slice(1), row * side * side);
  const labels = Uint8Array.from(rows, ([label = 0]) => label);
  return labelledImages({ count: rows.length, rows: side, columns: side, pixels }, labels, 'CSV');
}

function bad(file: string, index: number, problem: string): EspalierError {
  return new EspalierError('bad-data', `${file}, line ${index + 1}: ${problem}.`);
}
