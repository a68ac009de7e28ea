import { createHash } from 'node:crypto';
import { rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { EspalierError, errorMessage } from '../errors.js';
import { RUN_FILES, weightsIteration } from '../experiment/run-files.js';
import { decodeState, encodeState, type TrainedState } from '../experiment/state.js';
import { parseJson } from '../json.js';
import type { TwoLayerShape } from '../models/two-layer.js';
import { type Cell, cellKey, parseCell, requireCell } from '../study/cell.js';
import { hasCell, isCheckpoint, type Trial, trialName } from '../study/grid.js';
import {
  differingKey,
  parseStudyConfig,
  type StudyConfig,
  studyIdentity,
} from '../study/study-config.js';
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
  writeWhole,
} from './files.js';
import { lockFolder } from './lock.js';

const CELLS = 'cells.jsonl';
const CONFIG = 'config.json';
const STATE = /^state-.+\.safetensors$/;

/** Whether only a study leaves files of that name. */
export function isStudyFile(name: string): boolean {
  return name === CELLS || name === 'thresholds.json' || STATE.test(name);
}

/** A study's records on disk, claimed by this process. */
export interface StudyFolder {
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
  saveState(trial: Trial, state: TrainedState): Promise<void>;
  /** The state from which a trial can go on. */
  readState(trial: Trial, shape: TwoLayerShape): Promise<TrainedState | undefined>;
  removeState(trial: Trial): Promise<void>;
  close(): Promise<void>;
}

/** The folder of a study that names none: the same study finds the same one again. */
export function defaultStudyFolder(config: StudyConfig): string {
  const hash = createHash('sha256').update(studyIdentity(config)).digest('hex').slice(0, 6);
  return join('runs', `study-${config.task}-${config.preset}-${hash}`);
}

/**
 * Opens or makes a study's folder and claims it.
 *
 * @throws bad-config when it holds another study or another process uses it; bad-data naming the
 *   line when `cells.jsonl` is corrupt anywhere but at its end.
 */
export async function openStudyFolder(path: string, config: StudyConfig): Promise<StudyFolder> {
  await requireWritableFolder(path);
  await makeFolder(path);
  const lock = await lockFolder(path);
  try {
    const held = await storedConfig(path);
    if (!held) await requireNoRun(path);
    // A study that came to nothing, as one without an adapter does, is nothing to keep.
    else if (await hasBegun(path)) requireSame(path, config, held);
    const { cells, dropped } = await mendedCells(path, config);
    await writeJson(path, CONFIG, { ...config, out: path });
    const notes = [
      ...(lock.stale ? [`Took over ${path} from a study that was killed.`] : []),
      ...(dropped ? [`Dropped the last line of ${join(path, CELLS)}: it was cut off.`] : []),
    ];
    return { ...records(path, config, cells), notes, close: lock.release };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function records(
  path: string,
  config: StudyConfig,
  found: readonly Cell[],
): Omit<StudyFolder, 'notes' | 'close'> {
  const cells = [...found];
  const known = new Set(found.map(cellKey));
  const stateFile = (trial: Trial) => `state-${trialName(trial)}.safetensors`;
  return {
    path,
    cells,
    append: async (cell) => {
      const key = cellKey(cell);
      if (known.has(key)) return false;
      // What is refused when it is read is not written either.
      requireOwnCell(
        config,
        cell,
        (why) => new EspalierError('bad-data', `${path} takes no such cell (${why}).`),
      );
      await appendLine(join(path, CELLS), JSON.stringify(cell));
      known.add(key);
      cells.push(cell);
      return true;
    },
    saveState: (trial, state) =>
      writeWhole(path, { name: stateFile(trial), bytes: encodeState(state) }),
    readState: async (trial, shape) => {
      const file = join(path, stateFile(trial));
      const bytes = await readIfThere(file);
      const state = bytes && decodeState(bytes, file, shape);
      if (state && !isCheckpoint(config, state.iteration)) {
        throw new EspalierError(
          'bad-data',
          `${file} is of iteration ${state.iteration}, which is no checkpoint of this study. Remove the file to train that trial from its start.`,
        );
      }
      return state;
    },
    removeState: (trial) => rm(join(path, stateFile(trial)), { force: true }),
  };
}

/**
 * Reads a study's folder without changing or claiming it.
 *
 * @throws bad-config when it holds no study; bad-data when a record is corrupt.
 */
export async function readStudyFolder(
  path: string,
): Promise<{ readonly config: StudyConfig; readonly cells: readonly Cell[] }> {
  const config = await storedConfig(path);
  if (!config) {
    throw new EspalierError('bad-config', `${path} holds no study: it has no ${CONFIG}.`);
  }
  return { config, cells: (await readCells(path, config)).cells };
}

/** The configuration of the study that a folder holds, if it holds one. */
async function storedConfig(path: string): Promise<StudyConfig | undefined> {
  const file = join(path, CONFIG);
  const bytes = await readIfThere(file);
  if (bytes === undefined) return undefined;
  try {
    return parseStudyConfig(parseJson(bytes));
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

function requireSame(path: string, config: StudyConfig, held: StudyConfig): void {
  const key = differingKey(config, held);
  if (!key) return;
  throw new EspalierError(
    'bad-config',
    `${path} holds a study of another configuration: its "${key}" is ${JSON.stringify(held[key])}, not ${JSON.stringify(config[key])}. Name another --out, or delete that folder to begin anew.`,
  );
}

/** Whether a folder holds a cell, whole or cut off, or a state. */
async function hasBegun(path: string): Promise<boolean> {
  const cells = await stat(join(path, CELLS)).catch(ifMissing);
  return (cells?.size ?? 0) > 0 || (await namesIn(path)).some((name) => STATE.test(name));
}

async function requireNoRun(path: string): Promise<void> {
  const records: readonly string[] = [RUN_FILES.summary, RUN_FILES.events, CELLS];
  const other = (await namesIn(path)).find((name) => records.includes(name));
  if (!other) return;
  throw new EspalierError(
    'bad-config',
    `${path} has a ${other} but no ${CONFIG}, so it cannot be told which study it is. Name another --out.`,
  );
}

/** The cells, after a last line that was cut off is removed for good. */
async function mendedCells(path: string, config: StudyConfig) {
  const { cells, whole, dropped } = await readCells(path, config);
  if (dropped) await truncate(join(path, CELLS), whole);
  return { cells, dropped };
}

/** @throws what `fail` makes of what is wrong when the study has no such cell. */
function requireOwnCell(
  config: StudyConfig,
  cell: Cell,
  fail: (why: string) => EspalierError,
): void {
  requireCell(cell, fail);
  if (!hasCell(config, cell)) throw fail(`its grid has no ${quoted(cellKey(cell))}`);
}

/** A kill in the middle of a write leaves a last line without its end; any other fault is an error. */
async function readCells(path: string, config: StudyConfig) {
  const file = join(path, CELLS);
  const { lines, whole, dropped } = await readLines(file);
  const all = lines.flatMap((line, i) => {
    // An editor may leave an empty one.
    if (line.trim() === '') return [];
    const cell = parseCell(line, file, i + 1);
    requireOwnCell(
      config,
      cell,
      (why) =>
        new EspalierError(
          'bad-data',
          `${file}, line ${i + 1}, is of another study (${why}). Remove that line.`,
        ),
    );
    return [cell];
  });
  // Two workers may have done the same job; it counts once.
  const byKey = new Map(all.toReversed().map((cell) => [cellKey(cell), cell]));
  const cells = all.filter((cell) => byKey.get(cellKey(cell)) === cell);
  return { cells, whole, dropped };
}
