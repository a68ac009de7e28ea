import { EspalierError } from '../errors.js';
import { distinctDraws, randomStream } from '../random.js';
import { imagesAt, type LabelledImages } from './images.js';

/** One image in so many is held out. */
const ONE_IN = 5;

/** Always the same, so that a file is divided in one way wherever it is read. */
const SEED = 0;

/**
 * Divides images into some to train on and one in five to test with: a seeded draw from each class, so
 * that both have all classes in the same shares, in whatever order the images are. Of a class of n
 * images ⌊n/5⌋ or ⌈n/5⌉ are held out.
 *
 * @throws EspalierError `bad-data` where there are fewer than five.
 */
export function holdOut(images: LabelledImages): {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
} {
  const { count, labels } = images;
  if (count < ONE_IN) {
    throw new EspalierError(
      'bad-data',
      `There are ${count} images: at least ${ONE_IN} are needed, of which one in ${ONE_IN} is held out to test with.`,
    );
  }
  const shuffled = distinctDraws(randomStream(SEED, 'hold-out'), count)(count);
  // Every fifth in the order of the classes: the sort is stable, so that those of a class stay shuffled.
  const byClass = [...shuffled].sort((a, b) => labels[a]! - labels[b]!);
  const held = new Set(byClass.filter((_, place) => place % ONE_IN === ONE_IN - 1));
  const all = Array.from({ length: count }, (_, index) => index);
  return {
    train: imagesAt(
      images,
      all.filter((index) => !held.has(index)),
    ),
    test: imagesAt(
      images,
      all.filter((index) => held.has(index)),
    ),
  };
}
