import { PNG } from 'pngjs';
import { type AnyPictures, bytesOfPicture, type Pictures, picturesAt } from '../data/pictures.js';
import { heldPictures } from '../data/read-ahead.js';
import type { PruneReport } from '../report/prune-page.js';
import { makeFolder, writeWhole } from './files.js';

/** Writes the page of a pruning, `report.html`, with the pictures on which the networks disagree in it. */
export async function writePruneReport(
  folder: string,
  report: Omit<PruneReport, 'document' | 'pictureAt' | 'classes'>,
  pictures: AnyPictures,
): Promise<void> {
  // What draws takes long to load.
  const { pruneHtml } = await import('./drawings.js');
  const { labels, classes } = pictures;
  const indices = report.disagreements.found.map(({ picture }) => picture);
  const disputed = await heldPictures(picturesAt(pictures, indices));
  const pictureAt = (index: number) => {
    const label = labels?.[index];
    const png = encodePng(disputed, indices.indexOf(index));
    const source = `data:image/png;base64,${png.toString('base64')}`;
    return label === undefined ? { source } : { source, label };
  };
  const html = pruneHtml({ ...report, pictureAt, classes });
  await makeFolder(folder, '--report');
  await writeWhole(folder, { name: 'report.html', bytes: new TextEncoder().encode(html) });
}

/** One of the pictures as a PNG; grey is repeated in red, green and blue. */
function encodePng(pictures: Pictures, index: number): Buffer {
  const { width, height, channels, pixels } = pictures;
  const size = bytesOfPicture(pictures);
  const png = new PNG({ width, height });
  for (let at = 0; at < width * height; at++) {
    const from = index * size + at * channels;
    for (let channel = 0; channel < 3; channel++) {
      png.data[4 * at + channel] = pixels[from + Math.min(channel, channels - 1)] as number;
    }
    png.data[4 * at + 3] = 255;
  }
  return PNG.sync.write(png);
}
