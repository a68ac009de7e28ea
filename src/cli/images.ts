import { readImageSource } from '../data/folder.js';
import type { ImageSource } from '../data/images.js';
import { shown } from '../text.js';

/** Names that a note has room for. */
const MOST_NAMES = 5;

/** Reads a data set, and says what else lay there and whether its test set is a part of it. */
export async function readImages(data: string): Promise<ImageSource> {
  const source = await readImageSource(data);
  const { ignored = [], heldOut, train, test } = source;
  const notes: string[] = [];
  if (ignored.length > 0) {
    const more = ignored.length - MOST_NAMES;
    const names = ignored.slice(0, MOST_NAMES).join(', ');
    notes.push(`Passed over in ${data}: ${names}${more > 0 ? ` and ${more} more` : ''}.`);
  }
  if (heldOut) {
    notes.push(
      `${data} has no test set: ${test.count} of its ${train.count + test.count} images are held out, one in five of each class.`,
    );
  }
  for (const note of notes) process.stderr.write(`${shown(note)}\n`);
  return source;
}
