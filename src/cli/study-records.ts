import { stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { EspalierError, errorMessage } from '../errors.js';
import { RUN_FILES, weightsIteration } from '../experiment/run-files.js';
import { parseJson } from '../json.js';
import type { StudyKind } from '../study/kinds.js';
import { keyOfCell, parseCellLine, requireCellOf } from '../study/records.js';
import { quoted } from '../text.js';
import {
  appendLine,
  ifMissing,
  makeFolder,
  namesIn,
  readIfThere,
  readLines,
  requireWritableFolder,
  writeJson,
} from './files.js';
import { lockFolder } from './lock.js';

export const CELLS_FILE = 'cells.jsonl';
const CONFIG = 'config.json';

/** The cells of a study on disk, claimed by this process. */
export interface StudyRecords<Cell> {
  readonly path: string;
  /** Cells found at first and appended since, each once. */
  readonly cells: readonly Cell[];
  /** What was mended when the folder was opened, in words. */
  readonly notes: readonly string[];
  /**
   * Appends a cell and waits until it is on the disk; gives false, and leaves it, when it is there
   * already.
   */
  append(cell: Cell): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens or makes a study's folder and claims it.
 *
 * @param isWork whether a file of that name in the folder is of work that has begun.
 * @throws bad-config when it holds another study or another process uses it; bad-data naming the
 *   line when `cells.jsonl` is corrupt anywhere but at its end.
 */
export async function openStudyRecords<Config extends object, Cell extends object>(
  kind: StudyKind<Config, Cell>,
  path: string,
  { config, isWork }: { readonly config: Config; readonly isWork: (name: string) => boolean },
): Promise<StudyRecords<Cell>> {
  await requireWritableFolder(path);
  await makeFolder(path);
  const lock = await lockFolder(path);
  try {
    const held = await storedConfig(kind, path);
    if (!held) await requireNoRun(path);
    // A study that came to nothing, as one without an adapter does, is nothing to keep.
    else if (await hasBegun(path, isWork)) requireSame(kind, path, { config, held });
    const { cells, dropped } = await mendedCells(kind, path, config);
    await writeJson(path, CONFIG, { ...config, out: path });
    const notes = [
      ...(lock.stale ? [`Took over ${path} from a study that was killed.`] : []),
      ...(dropped ? [`Dropped the last line of ${join(path, CELLS_FILE)}: it was cut off.`] : []),
    ];
    return { ...records(kind, path, { config, found: cells }), notes, close: lock.release };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function records<Config extends object, Cell extends object>(
  kind: StudyKind<Config, Cell>,
  path: string,
  { config, found }: { readonly config: Config; readonly found: readonly Cell[] },
): Pick<StudyRecords<Cell>, 'path' | 'cells' | 'append'> {
  const cells = [...found];
  const known = new Set(found.map((cell) => keyOfCell(kind.cells, cell)));
  return {
    path,
    cells,
    append: async (cell) => {
      const key = keyOfCell(kind.cells, cell);
      if (known.has(key)) return false;
      // What is refused when it is read is not written either.
      requireOwnCell(
        kind,
        { config, cell },
        (why) => new EspalierError('bad-data', `${path} takes no such cell (${why}).`),
      );
      await appendLine(join(path, CELLS_FILE), JSON.stringify(cell));
      known.add(key);
      cells.push(cell);
      return true;
    },
  };
}

/**
 * Reads a study's folder without changing or claiming it.
 *
 * @throws bad-config when it holds no study; bad-data when a record is corrupt.
 */
export async function readStudyRecords<Config extends object, Cell extends object>(
  kind: StudyKind<Config, Cell>,
  path: string,
): Promise<{ readonly config: Config; readonly cells: readonly Cell[] }> {
  const config = await storedConfig(kind, path);
  if (!config) {
    throw new EspalierError('bad-config', `${path} holds no study: it has no ${CONFIG}.`);
  }
  return { config, cells: (await readCells(kind, path, config)).cells };
}

/** The settings that a folder's configuration has, as they are; undefined where it has none that can be read. */
export async function storedSettings(
  path: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const bytes = await readIfThere(join(path, CONFIG));
  try {
    const settings: unknown = bytes && parseJson(bytes);
    return settings && typeof settings === 'object' ? { ...settings } : undefined;
  } catch {
    return undefined;
  }
}

/** The configuration of the study that a folder holds, if it holds one. */
async function storedConfig<Config extends object, Cell extends object>(
  kind: StudyKind<Config, Cell>,
  path: string,
): Promise<Config | undefined> {
  const file = join(path, CONFIG);
  const bytes = await readIfThere(file);
  if (bytes === undefined) return undefined;
  try {
    return kind.parse(parseJson(bytes));
  } catch (cause) {
    if ((await namesIn(path)).some((name) => weightsIteration(name) !== undefined)) {
      throw new EspalierError(
        'bad-config',
        `${path} holds a run, and no study. Name the folder of a study, or a new one; espalier run --from ${path} goes on with the run.`,
        { cause },
      );
    }
    throw new EspalierError(
      'bad-config',
      `${file} is not the configuration of a study: ${errorMessage(cause).replace(/\.$/, '')}. Name the folder of a study, or a new one.`,
      { cause },
    );
  }
}

function requireSame<Config extends object, Cell extends object>(
  kind: StudyKind<Config, Cell>,
  path: string,
  { config, held }: { readonly config: Config; readonly held: Config },
): void {
  const key = kind.differingKey(config, held);
  if (!key) return;
  throw new EspalierError(
    'bad-config',
    `${path} holds a study of another configuration: its "${String(key)}" is ${JSON.stringify(held[key])}, not ${JSON.stringify(config[key])}. Name another --out, or delete that folder to begin anew.`,
  );
}

/** Whether a folder holds a cell, whole or cut off, or what a trial has left on its way. */
async function hasBegun(path: string, isWork: (name: string) => boolean): Promise<boolean> {
  const cells = await stat(join(path, CELLS_FILE)).catch(ifMissing);
  return (cells?.size ?? 0) > 0 || (await namesIn(path)).some(isWork);
}

async function requireNoRun(path: string): Promise<void> {
  const records: readonly string[] = [RUN_FILES.summary, RUN_FILES.events, CELLS_FILE];
  const other = (await namesIn(path)).find((name) => records.includes(name));
  if (!other) return;
  throw new EspalierError(
    'bad-config',
    `${path} has a ${other} but no ${CONFIG}, so it cannot be told which study it is. Name another --out.`,
  );
}

/** The cells, after a last line that was cut off is removed for good. */
async function mendedCells<Config extends object, Cell extends object>(
  kind: StudyKind<Config, Cell>,
  path: string,
  config: Config,
) {
  const { cells, whole, dropped } = await readCells(kind, path, config);
  if (dropped) await truncate(join(path, CELLS_FILE), whole);
  return { cells, dropped };
}

/** @throws what `fail` makes of what is wrong when the study has no such cell. */
function requireOwnCell<Config extends object, Cell extends object>(
  kind: StudyKind<Config, Cell>,
  { config, cell }: { readonly config: Config; readonly cell: Cell },
  fail: (why: string) => EspalierError,
): void {
  requireCellOf(kind.cells, cell, fail);
  if (!kind.hasCell(config, cell)) {
    throw fail(`its grid has no ${quoted(keyOfCell(kind.cells, cell))}`);
  }
}

/** A kill in the middle of a write leaves a last line without its end; any other fault is an error. */
async function readCells<Config extends object, Cell extends object>(
  kind: StudyKind<Config, Cell>,
  path: string,
  config: Config,
) {
  const file = join(path, CELLS_FILE);
  const { lines, whole, dropped } = await readLines(file);
  const all = lines.flatMap((line, i) => {
    // An editor may leave an empty one.
    if (line.trim() === '') return [];
    const place = { file, number: i + 1, usual: kind.usualOfCell(config) };
    const cell = parseCellLine(kind.cells, line, place);
    requireOwnCell(
      kind,
      { config, cell },
      (why) =>
        new EspalierError(
          'bad-data',
          `${file}, line ${i + 1}, is of another study (${why}). Remove that line.`,
        ),
    );
    return [cell];
  });
  // Two workers may have done the same job; it counts once.
  const key = (cell: Cell) => keyOfCell(kind.cells, cell);
  const byKey = new Map(all.toReversed().map((cell) => [key(cell), cell]));
  const cells = all.filter((cell) => byKey.get(key(cell)) === cell);
  return { cells, whole, dropped };
}
