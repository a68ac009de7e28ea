import { type Zippable, zipSync } from 'fflate';
import {
  datasetFile,
  eventFile,
  eventRecord,
  fineTuneRate,
  type LabelledImages,
  RUN_FILES,
  type RunSummary,
} from '../../src/index.js';
import { foundAt, foundText } from './found.js';
import type { Checkpoint, Finding, Play } from './session.js';
import { configFromSettings } from './settings.js';

/** The archive's folder of images, as IDX files, where the command line does not have them. */
const DATA_FOLDER = 'data';

/** What a run has found. */
interface Ended {
  readonly findings: readonly Finding[];
  readonly summary: RunSummary | undefined;
  readonly checkpoints: readonly Checkpoint[];
}

/**
 * A run's folder as a .zip, with the files that the command line writes. Images other than all of
 * MNIST are included as IDX files, and the configuration names their folder. So `espalier run
 * --config config.json` repeats the run in the unpacked folder.
 */
export function runArchive(
  { settings, source, examples }: Play,
  { findings, summary, checkpoints }: Ended,
): Uint8Array<ArrayBuffer> {
  const own = settings.data !== 'full';
  const config = configFromSettings(settings, own ? DATA_FOLDER : 'mnist');
  const dataset = datasetFile(examples);
  const files: Zippable = {
    [RUN_FILES.config]: json({ ...config, fineTuneLearningRate: fineTuneRate(config) }),
    [RUN_FILES.events]: text(
      findings.map((event) => `${JSON.stringify(eventRecord(event))}\n`).join(''),
    ),
    [dataset.name]: stored(dataset.bytes),
  };
  if (summary) files[RUN_FILES.summary] = json({ host: 'browser', ...summary });
  const found = foundAt(checkpoints.at(-1));
  if (found) files[RUN_FILES.curve] = text(`${foundText(found)}\n`);
  for (const event of findings) {
    const file = eventFile(event);
    if (file) files[file.name] = stored(file.bytes);
  }
  if (own) {
    Object.assign(files, idxFiles('train', source.train), idxFiles('t10k', source.test));
  }
  return zipSync(files, { level: 6 });
}

/**
 * Puts a file into the .zip uncompressed: weights hardly get smaller, and compressing takes time.
 */
function stored(bytes: Uint8Array): [Uint8Array, { level: 0 }] {
  return [bytes, { level: 0 }];
}

function json(value: unknown): Uint8Array {
  return text(`${JSON.stringify(value, null, 2)}\n`);
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function idxFiles(prefix: string, images: LabelledImages): Zippable {
  const { count, rows, columns, pixels, labels } = images;
  return {
    [`${DATA_FOLDER}/${prefix}-images-idx3-ubyte`]: idx([0x803, count, rows, columns], pixels),
    [`${DATA_FOLDER}/${prefix}-labels-idx1-ubyte`]: idx([0x801, count], labels),
  };
}

function idx(words: readonly number[], body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(words.length * 4 + body.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(index * 4, word);
  });
  bytes.set(body, words.length * 4);
  return bytes;
}
