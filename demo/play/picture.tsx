import { useEffect, useRef } from 'preact/hooks';
import type { Images } from '../../src/index.js';
import { columnsForTiles, paintDigit, paintMosaic, paintVeil } from '../model/paint.js';

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
  /** The neuron with a frame around it. */
  readonly chosen?: number | undefined;
  readonly onChoose?: (neuron: number) => void;
}

/**
 * A mosaic of neurons. Its pictures are painted again only when `pictures` is another array; what
 * does not stand out is veiled by a second canvas above it, which takes a hundredth of that time.
 */
export function Mosaic({ pictures, size, label, shown, chosen, onChoose }: MosaicProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const veil = useRef<HTMLCanvasElement>(null);
  const { rows, columns } = size;
  useEffect(() => {
    if (canvas.current) paintMosaic(canvas.current, pictures, { rows, columns });
  }, [pictures, rows, columns]);
  useEffect(() => {
    const paint = () => {
      if (veil.current) paintVeil(veil.current, pictures.length, { rows, columns, shown, chosen });
    };
    paint();
    // It is of the colour of what lies below.
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', paint);
    return () => dark.removeEventListener('change', paint);
  }, [pictures, rows, columns, shown, chosen]);
  return (
    <div class="mosaic">
      <canvas ref={canvas} {...named(label)} />
      {onChoose && (
        <>
          <canvas ref={veil} class="veil" {...named('')} />
          <Chooser count={pictures.length} chosen={chosen ?? 0} onChoose={onChoose} />
        </>
      )}
    </div>
  );
}

interface ChooserProps {
  readonly count: number;
  readonly chosen: number;
  readonly onChoose: (neuron: number) => void;
}

/** Lies over a mosaic, and takes presses and arrow keys for its neurons. */
function Chooser({ count, chosen, onChoose }: ChooserProps) {
  const across = columnsForTiles(count);
  const down = Math.ceil(count / across);
  const choose = (neuron: number) => {
    if (neuron >= 0 && neuron < count) onChoose(neuron);
  };
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -across,
    ArrowDown: across,
  };
  return (
    <div
      class="chooser"
      role="slider"
      tabIndex={0}
      aria-label="The neuron to look at"
      aria-valuemin={0}
      aria-valuemax={count - 1}
      aria-valuenow={chosen}
      onClick={({ offsetX, offsetY, currentTarget: { clientWidth, clientHeight } }) => {
        const row = Math.floor((offsetY / clientHeight) * down);
        choose(row * across + Math.floor((offsetX / clientWidth) * across));
      }}
      onKeyDown={(event) => {
        const step = steps[event.key];
        if (step === undefined) return;
        event.preventDefault();
        choose(chosen + step);
      }}
    />
  );
}

function named(label: string) {
  return label ? { role: 'img' as const, 'aria-label': label } : { 'aria-hidden': 'true' as const };
}
