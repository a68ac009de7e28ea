import { useEffect, useRef } from 'preact/hooks';
import type { Images } from '../../src/index.js';
import { paintDigit, paintMosaic, type Tile } from '../model/paint.js';

interface DigitProps {
  readonly images: Images;
  readonly index: number;
  readonly label: string;
}

/** One digit. With an empty label screen readers pass over it. */
export function Digit({ images, index, label }: DigitProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) paintDigit(canvas.current, images, index);
  }, [images, index]);
  return <canvas ref={canvas} class="digit" {...named(label)} />;
}

interface MosaicProps {
  readonly tiles: readonly Tile[];
  readonly size: Pick<Images, 'rows' | 'columns'>;
  readonly label: string;
}

/** A mosaic of neurons. It is painted again only when `tiles` is another array. */
export function Mosaic({ tiles, size, label }: MosaicProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { rows, columns } = size;
  useEffect(() => {
    if (canvas.current) paintMosaic(canvas.current, tiles, { rows, columns });
  }, [tiles, rows, columns]);
  return <canvas ref={canvas} class="mosaic" {...named(label)} />;
}

function named(label: string) {
  return label ? { role: 'img' as const, 'aria-label': label } : { 'aria-hidden': 'true' as const };
}
