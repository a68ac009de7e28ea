import { useEffect, useRef } from 'preact/hooks';
import type { Images } from '../../src/index.js';
import { paintDigit, paintMosaic, paintVeil } from '../model/paint.js';

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
  /** Each neuron's weights, one for each pixel. */
  readonly pictures: readonly Float32Array[];
  readonly size: Pick<Images, 'rows' | 'columns'>;
  readonly label: string;
  /** The neurons that stand out; all where it is absent. */
  readonly shown?: ReadonlySet<number> | undefined;
}

/**
 * A mosaic of neurons. Its pictures are painted again only when `pictures` is another array; what
 * does not stand out is veiled by a second canvas above it, which takes a hundredth of that time.
 */
export function Mosaic({ pictures, size, label, shown }: MosaicProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const veil = useRef<HTMLCanvasElement>(null);
  const { rows, columns } = size;
  useEffect(() => {
    if (canvas.current) paintMosaic(canvas.current, pictures, { rows, columns });
  }, [pictures, rows, columns]);
  useEffect(() => {
    if (veil.current && shown) paintVeil(veil.current, pictures.length, { rows, columns, shown });
  }, [pictures, rows, columns, shown]);
  return (
    <div class="mosaic">
      <canvas ref={canvas} {...named(label)} />
      {shown && <canvas ref={veil} class="veil" {...named('')} />}
    </div>
  );
}

function named(label: string) {
  return label ? { role: 'img' as const, 'aria-label': label } : { 'aria-hidden': 'true' as const };
}
