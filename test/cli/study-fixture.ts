import type { ChildProcess } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readImageSource } from '../../src/data/folder.js';
import type { LabelledImages } from '../../src/data/images.js';
import { imagesFile, labelsFile } from '../data/idx-files.js';
import { CLI, type Outcome, start } from './espalier.js';

/** A little of MNIST in `folder`/data, so that measuring takes no longer than training. */
export async function writeData(folder: string): Promise<string> {
  await stat(CLI).catch(() => {
    throw new Error(`${CLI} is missing: run npm run build.`);
  });
  const data = join(folder, 'data');
  await mkdir(data);
  const { train, test } = await readImageSource('mnist');
  for (const [name, images, count] of [
    ['train', train, 300],
    ['t10k', test, 200],
  ] as const) {
    const part: LabelledImages = {
      ...images,
      count,
      pixels: images.pixels.slice(0, count * 784),
      labels: images.labels.slice(0, count),
    };
    await writeFile(join(data, `${name}-images-idx3-ubyte`), imagesFile(part));
    await writeFile(join(data, `${name}-labels-idx1-ubyte`), labelsFile([...part.labels]));
  }
  return data;
}

/** 24 cells: 3 sizes, 2 trials, 4 checkpoints. */
const SMALL = {
  sizes: '40,90,200',
  trials: '2',
  width: '24',
  batch: '16',
  iterations: '30',
  'prune-every': '10',
  picks: '12',
  momentum: '0.5',
  adapter: 'software',
};

export function studyFlags(data: string, changes: Readonly<Record<string, string>> = {}) {
  return Object.entries({ data, ...SMALL, ...changes }).flatMap(([flag, value]) => [
    `--${flag}`,
    value,
  ]);
}

interface Watch {
  /** Milliseconds after which the process is killed outright. */
  readonly killAfter?: number;
  /** Sees the process once its stderr matches. */
  readonly when?: RegExp;
  readonly act?: (child: ChildProcess) => unknown;
}

/** A study takes longer than other commands. */
const TIMEOUT_MILLIS = 300_000;

/** Runs the command line to its end. */
export async function espalier(
  args: readonly string[],
  { killAfter, when, act }: Watch = {},
): Promise<Outcome> {
  const { child, said, ended } = start(args, { timeout: TIMEOUT_MILLIS });
  const timer =
    killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  if (when) {
    // One that ends before it has said so is for the test to judge.
    said(when).then(
      () => act?.(child),
      () => undefined,
    );
  }
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
  }
}

/** Every figure of a study on disk: the table without its timings, the thresholds, the drawings. */
export async function readFigures(out: string) {
  const csv = await readFile(join(out, 'cells.csv'), 'utf8');
  const rows = csv
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const seconds = rows[0]!.indexOf('seconds');
  const files = (await readdir(out)).filter((name) => /\.(svg|png)$|^thresholds\.json$/.test(name));
  return {
    rows: rows.map((row) => row.filter((_, column) => column !== seconds)),
    files: await Promise.all(
      files.toSorted().map(async (name) => [name, await readFile(join(out, name), 'base64')]),
    ),
  };
}
