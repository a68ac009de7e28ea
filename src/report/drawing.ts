import * as Plot from '@observablehq/plot';
import { extent } from 'simple-statistics';

/** A figure as SVG text, with its size in pixels. */
export interface Drawing {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/** Makes the parts of a figure of one width. */
export interface Paper {
  readonly width: number;
  /** The options that all plots share. The height is `width · aspect`. */
  plot(aspect: number): Plot.PlotOptions;
  legend(entries: readonly LegendEntry[]): Element;
}

export interface LegendEntry {
  readonly mark: keyof typeof DASHES | keyof typeof SYMBOLS | 'none';
  readonly text: string;
  readonly color?: string;
}

/** Widths in pixels of a page's figures on a desktop and on a phone: the style shows one of both. */
export const PAGE_WIDTHS = { wide: 720, narrow: 350 } as const;

/** Dash patterns of lines by the names of their marks. */
export const DASHES = { line: '0', dashes: '6,4', dots: '2,5' } as const;

/** Symbols of points by the names of their marks. */
export const SYMBOLS = {
  dot: 'circle',
  triangle: 'triangle',
  square: 'square',
  diamond: 'diamond',
} as const;

/** The style sheet's variables for colours by role. It defines them for light and for dark. */
export const COLORS = {
  dense: 'var(--dense)',
  subnetwork: 'var(--subnetwork)',
  text: 'var(--text)',
  muted: 'var(--muted)',
} as const;

/** Fonts by name follow, for programs that do not know `system-ui`. */
const FONTS = 'system-ui, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif';

/** Of a legend, in pixels: a row's height, and where its text begins. */
const ROW = 20;
const TEXT_LEFT = 36;
/** More than what a letter takes on average in any of the fonts. */
const LETTER = 7;

/**
 * Paper of a width in pixels.
 *
 * @param document creates the elements.
 */
export function createPaper(document: Document, width: number): Paper {
  const narrow = width < 500;
  const plot = (aspect: number): Plot.PlotOptions => ({
    document,
    width,
    height: Math.round(width * aspect),
    marginLeft: 52,
    marginRight: narrow ? 20 : 24,
    marginTop: 28,
    marginBottom: 42,
    style: { fontSize: '12px', fontFamily: FONTS, color: COLORS.text, background: 'none' },
  });
  const legend = (entries: readonly LegendEntry[]) => {
    const across = width - 24;
    const inTwo =
      !narrow && entries.length > 4 && entries.every(({ text }) => fits(text, across / 2));
    const rows = inTwo ? Math.ceil(entries.length / 2) : entries.length;
    const placed = entries.map((entry, at) => ({
      color: COLORS.text,
      ...entry,
      row: at % rows,
      left: at < rows ? 0 : across / 2,
    }));
    const of = (...marks: readonly LegendEntry['mark'][]) =>
      placed.filter(({ mark }) => marks.includes(mark));
    const stroke = (mark: keyof typeof DASHES) =>
      Plot.ruleY(of(mark), {
        x1: 'left',
        x2: ({ left }: { readonly left: number }) => left + 26,
        y: 'row',
        stroke: 'color',
        strokeWidth: 2.5,
        strokeDasharray: DASHES[mark],
      });
    return Plot.plot({
      ...plot(0),
      height: ROW * rows + 6,
      marginTop: 3 + ROW / 2,
      marginBottom: 3 + ROW / 2,
      marginLeft: 12,
      marginRight: 12,
      x: { axis: null, domain: [0, across] },
      y: { axis: null, domain: [0, Math.max(rows - 1, 1e-9)], reverse: true },
      color: { type: 'identity' },
      marks: [
        stroke('line'),
        stroke('dashes'),
        stroke('dots'),
        Plot.dot(of('dot', 'triangle', 'square', 'diamond'), {
          x: ({ left }: { readonly left: number }) => left + 13,
          y: 'row',
          fill: 'color',
          r: 4,
          symbol: ({ mark }: LegendEntry) => SYMBOLS[mark as keyof typeof SYMBOLS],
        }),
        Plot.text(placed, {
          x: ({ left }: { readonly left: number }) => left + TEXT_LEFT,
          y: 'row',
          text: 'text',
          textAnchor: 'start',
        }),
      ],
    });
  };
  return { width, plot, legend };
}

/** Whether a legend's text has room in a column of so many pixels. */
function fits(text: string, column: number): boolean {
  return TEXT_LEFT + LETTER * text.length <= column;
}

/** The least and the largest value above 0, the ends of a logarithmic axis. */
export function logDomain(values: readonly number[]): readonly [low: number, high: number] {
  const positive = values.filter((value) => value > 0);
  // When all values are 0, the axis still needs a range.
  return positive.length > 0 ? extent(positive) : [0.1, 1];
}

export function finishedDrawing(element: Element): Drawing {
  element.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return {
    svg: element.outerHTML,
    width: Number(element.getAttribute('width')),
    height: Number(element.getAttribute('height')),
  };
}

/** One drawing of several, one below the other. */
export function stacked(paper: Paper, drawings: readonly Drawing[]): Drawing {
  let height = 0;
  const placed = drawings.map((drawing) => {
    const at = height;
    height += drawing.height;
    return drawing.svg.replace('<svg ', `<svg y="${at}" `);
  });
  return outer(paper.width, height, placed);
}

/** One drawing of several of the same size, in rows of `columns`. */
export function tiled(drawings: readonly Drawing[], columns: number): Drawing {
  const [first] = drawings;
  if (!first) return outer(0, 0, []);
  const { width, height } = first;
  const placed = drawings.map(({ svg }, at) => {
    const [column, row] = [at % columns, Math.floor(at / columns)];
    return svg.replace('<svg ', `<svg x="${column * width}" y="${row * height}" `);
  });
  const across = Math.min(columns, drawings.length);
  return outer(width * across, height * Math.ceil(drawings.length / columns), placed);
}

function outer(width: number, height: number, parts: readonly string[]): Drawing {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Figure: its caption and the tables below say what it shows">${parts.join('')}</svg>`;
  return { svg, width, height };
}
