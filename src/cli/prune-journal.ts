import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { encodeModel, loadModel, type Model } from '../experiment/model/model.js';
import type {
  PruneEvent,
  PruneState,
  UnitCurve,
  UnitOutcome,
} from '../experiment/model/prune/events.js';
import { parseJson } from '../json.js';
import { makeFolder, readIfThere, writeJson, writeWhole } from './files.js';
import { lockFolder } from './lock.js';

const count = z.int().min(0);
const ofUnit = { unit: z.string(), channels: count, kept: z.array(count) };
const stateSchema = z.strictObject({
  /** Checksum of the model, the pictures and the configuration that it belongs to. */
  identity: count,
  curves: z.array(z.strictObject({ ...ofUnit, divergence: z.array(z.number()) })),
  units: z.array(z.strictObject({ ...ofUnit, loss: z.number() })),
});

const STATE = 'state.json';
const fileOfNetwork = (units: number) => `network-${units}.safetensors`;

/** Where a pruning leaves what it has done, beside what it will write. */
export interface PruneJournal {
  /** What an earlier pruning of the same had done. */
  readonly from: PruneState | undefined;
  readonly note: (event: Extract<PruneEvent, { readonly type: 'curve' | 'unit' }>) => Promise<void>;
  /** Whether there is anything to go on from. */
  readonly holds: () => boolean;
  /** All is done, and nothing of it has to be kept. */
  readonly finish: () => void;
  /** Lets others have it; where there is nothing to keep, it goes. */
  readonly release: () => Promise<void>;
}

/**
 * Opens the journal of a pruning, in a folder `.<name of out>.pruning`. What another model, other
 * pictures or another configuration left there counts for nothing.
 *
 * @throws bad-config when another process holds it or it cannot be written.
 */
export async function openJournal(
  out: string,
  identity: number,
  model: Model,
): Promise<PruneJournal> {
  const folder = join(dirname(out), `.${basename(out)}.pruning`);
  await makeFolder(folder);
  const lock = await lockFolder(folder);
  try {
    const from = await readState(folder, identity);
    const curves: UnitCurve[] = [...(from?.curves ?? [])];
    const units: UnitOutcome[] = [...(from?.units ?? [])];
    const holds = () => curves.length + units.length > 0;
    return {
      from,
      holds,
      note: async (event) => {
        const before = units.length;
        if (event.type === 'curve') {
          const { type: _, ...curve } = event;
          curves.push(curve);
        } else {
          const { type: _, network, ...outcome } = event;
          units.push(outcome);
          const bytes = encodeModel({ ...model, network });
          await writeWhole(folder, { name: fileOfNetwork(units.length), bytes });
        }
        await writeJson(folder, STATE, { identity, curves, units });
        if (units.length > before) await rm(join(folder, fileOfNetwork(before)), { force: true });
      },
      finish: () => {
        curves.length = 0;
        units.length = 0;
      },
      release: async () => {
        await lock.release();
        if (!holds()) await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function readState(folder: string, identity: number): Promise<PruneState | undefined> {
  const bytes = await readIfThere(join(folder, STATE));
  const { data: state } = stateSchema.safeParse(parsed(bytes?.toString('utf8') ?? ''));
  if (state?.identity !== identity) return undefined;
  const { curves, units } = state;
  if (units.length === 0) return { curves, units };
  const file = join(folder, fileOfNetwork(units.length));
  return { curves, units, network: loadModel(await readFile(file), file).network };
}

/** What was written as JSON; nothing where that broke off. */
function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
