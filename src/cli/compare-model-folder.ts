import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { EspalierError } from '../errors.js';
import type { CompareModelState, ModelCell, WayCurve } from '../experiment/model/compare/events.js';
import {
  type ComparisonRecord,
  parseComparisonRecord,
} from '../experiment/model/compare/record.js';
import { appendLine, makeFolder, readLines, requireWritableFolder } from './files.js';
import { lockFolder } from './lock.js';
import { clearFolder, requireUsable } from './run-folder.js';

const RECORDS = 'comparison.jsonl';

/** A comparison's records on disk, claimed by this process. */
export interface ComparisonFolder {
  /** What an earlier comparison of the same network, pictures and settings had done. */
  readonly from: CompareModelState;
  /** Appends a record and waits until it is on the disk. */
  readonly note: (record: Exclude<ComparisonRecord, { type: 'comparison' }>) => Promise<void>;
  readonly release: () => Promise<void>;
}

/** The folder of a comparison that names none: the same one finds the same folder again. */
export function defaultComparisonFolder(architecture: string, identity: number): string {
  return join('runs', `compare-${architecture}-${identity.toString(16).padStart(8, '0')}`);
}

/**
 * Opens or makes a comparison's folder and claims it. Its lists may have grown: what is there and is
 * not asked for stays there.
 *
 * @param identity of the network, the pictures and all settings but the lists.
 * @throws bad-config when it holds another comparison, or anything else of this program, and may not
 *   be overwritten, or another process uses it; bad-data naming the line when a record is corrupt.
 */
export async function openComparisonFolder(
  path: string,
  identity: number,
  overwrite: boolean,
): Promise<ComparisonFolder> {
  await requireWritableFolder(path);
  await makeFolder(path);
  const { release } = await lockFolder(path);
  const file = join(path, RECORDS);
  const note = (record: ComparisonRecord) => appendLine(file, JSON.stringify(record));
  try {
    const kept = await readRecords(file);
    if (kept?.identity === identity) return { from: kept, note, release };
    if (kept && !overwrite) {
      throw new EspalierError(
        'bad-config',
        `${path} holds a comparison of another network, other pictures or other settings. Name another --out, or add --overwrite to replace it.`,
      );
    }
    await requireUsable(path, overwrite);
    await clearFolder(path);
    await note({ type: 'comparison', identity });
    return { from: { curves: [], cells: [] }, note, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The records of a folder, after a last line that was cut off is removed for good. */
async function readRecords(file: string) {
  const { lines, whole, dropped } = await readLines(file);
  if (dropped) await truncate(file, whole);
  const [first, ...records] = lines.flatMap((line, at) =>
    // An editor may leave an empty one.
    line.trim() === '' ? [] : parseComparisonRecord(line, file, at + 1),
  );
  if (first?.type !== 'comparison') return undefined;
  const curves: WayCurve[] = [];
  const cells: ModelCell[] = [];
  for (const record of records) {
    const { type, ...rest } = record;
    if (type === 'curve') curves.push(rest as WayCurve);
    if (type === 'cell') cells.push(rest as ModelCell);
  }
  return { identity: first.identity, curves, cells };
}
