import { type Command, Option } from 'commander';
import { EspalierError } from '../errors.js';
import { REFITS, UNIT_CHOICES } from '../experiment/model/prune/events.js';
import { ARCHITECTURES, STEMS } from '../models/architectures.js';
import { CHANNEL_CRITERIA } from '../prune/channels/criteria.js';
import {
  type ModelStudyConfig,
  parseModelStudyConfig,
  settingsOfRecord,
} from '../study/model/config.js';
import { type ModelCellPlace, placesOfStudy } from '../study/model/grid.js';
import { modelOf, requireSamePictures } from '../study/model/material.js';
import { MODEL_PRESET_NAMES } from '../study/model/presets.js';
import { streamedText } from '../study/model/rates.js';
import { plural, shellWord } from '../text.js';
import { openDecoder, streamedRates } from './decoder.js';
import { writeJson } from './files.js';
import { names, number, numbers } from './flags.js';
import { interruptSignal } from './outcome.js';
import { shownAddress } from './redis-server.js';
import { defaultModelStudyFolder, openModelStudyFolder } from './study-model-folder.js';
import { drawModelReport, keptStreamedRates, MODEL_SUMMARY } from './study-model-report.js';
import { queueModelSession, readMaterial, runModelSession } from './study-model-session.js';
import { storedSettings } from './study-records.js';

/** The flags of a study of a deep network, beside those that it shares with other studies. */
export function addModelStudyFlags(command: Command): void {
  const architectures = ARCHITECTURES.map(({ name }) => name).join(', ');
  command
    .option(
      '--architecture <name,…>',
      `a deep network, whose channels are cut: ${architectures}`,
      names,
    )
    .addOption(new Option('--stem <name>', 'of resnet18 and resnet34').choices(STEMS))
    .option('--widths <factor,…>', 'of the channels of a deep network (default: 1)', numbers)
    .option('--epochs <n>', 'passes of pre-training over the pictures, in place of steps', number)
    .option(
      '--checkpoints <t,…>',
      'steps or passes after which the network is pruned (default: each quarter)',
      numbers,
    )
    .option('--schedule <name>', 'of the rate: cosine, step, constant')
    .option('--weight-decay <lambda>', 'of training', number)
    .option('--augment <how>', 'crop-flip, none')
    .option('--criteria <name,…>', `how channels are chosen: ${CHANNEL_CRITERIA.join(', ')}`, names)
    .option('--flops <share>', 'of the multiply-adds that stays (default: 0.5)', number)
    .option('--parameters <share>', 'of the parameters that stays, instead', number)
    .option('--layout <name>', '"paper": channels as published for ResNet-34, instead')
    .option(
      '--layer-tolerance <share>',
      'of accuracy that a unit may cost, as published 0.02, instead: it keeps as many channels as that takes',
      number,
    )
    .option(
      '--train-between <epochs>',
      'of training behind each unit that is cut (published: 0.1; default: 0)',
      number,
    )
    .option('--refit <how>', `what reads the channels is fitted: own, ${REFITS.join(', ')}`)
    .option('--budgets <how>', 'shared among units evenly, or as measured: uniform, measured')
    .option('--units <which>', `are cut: ${UNIT_CHOICES.join(', ')}`)
    .option(
      '--then <method share...>',
      'after the cut "magnitude 0.5" zeroes half of the weights left',
      thenOption,
    )
    .option('--calibration <pictures>', 'that cuts are made by', number)
    .option('--round-to <n>', 'channels, a multiple of which every cut unit keeps', number)
    .option('--least <n>', 'channels that every unit keeps at least', number)
    .option('--test-pictures <n>', 'to measure with, the first of the test set', number)
    .option('--until <share>', 'of the cells, after which this session ends', number);
}

export const MODEL_STUDY_EXAMPLES = `  espalier study --architecture resnet8 --preset quick-resnet8
                                                      a deep network on CIFAR-10; no GPU needed
  espalier study --architecture resnet20 --data cifar10 --sizes 5000,50000 --epochs 40
                                                      other sizes, pruned after each ten epochs
  espalier study --architecture resnet20,resnet32 --widths 0.5,1,2 --sizes 5000
                                                      how width and depth move what comes out
  espalier study --preset quick-resnet8 --then magnitude 0.5
                                                      half of the weights that are left zeroed
  espalier study --preset paper-resnet34 --until 0.1  a tenth of the published study
  espalier study --resume --out runs/study-…          go on with it`;

/** `magnitude 0.5`, in one word or two. */
function thenOption(text: string, before: readonly (number | string)[] = []) {
  return [...before, ...text.split(/[ ,:]/).map(number)];
}

/** What is asked for beside a study's configuration. */
export interface ModelStudySettings {
  readonly json: boolean;
  /** Whether the folder gives what the flags do not. */
  readonly resume: boolean;
  readonly queue: string | undefined;
  /** The share of the cells after which the session ends; all by default. */
  readonly until: number | undefined;
  readonly version: string;
}

/** Whether a study is of a deep network, by its settings, or by those in the folder that it goes on in. */
export async function isModelStudy(
  given: Readonly<Record<string, unknown>>,
  resume: boolean,
): Promise<boolean> {
  const named = (settings: Readonly<Record<string, unknown>>) =>
    settings.architecture !== undefined ||
    MODEL_PRESET_NAMES.some((name) => name === settings.preset);
  if (named(given)) return true;
  const { out } = given;
  const stored = resume && typeof out === 'string' ? await storedSettings(out) : undefined;
  return stored !== undefined && named(stored);
}

/** Does a study of a deep network, or goes on with it. */
export async function studyModelCommand(
  given: Readonly<Record<string, unknown>>,
  settings: ModelStudySettings,
): Promise<void> {
  const { queue: address, version, until } = settings;
  if (address !== undefined && until !== undefined) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'until',
      given: until,
      allowed: 'left out',
      because: 'the workers of a queue do whole trials',
    });
  }
  const { out } = given;
  const stored = settings.resume && typeof out === 'string' ? await storedSettings(out) : undefined;
  const kept = stored && settingsOfRecord(stored);
  const parsed = parseModelStudyConfig({ ...kept, ...withoutLists(given) });
  const config = { ...parsed, out: parsed.out ?? defaultModelStudyFolder(parsed) };
  const wanted = placesUntil(config, until ?? 1);
  const decoder = openDecoder(config.host);
  const material = await readMaterial(config, decoder);
  const folder = await openModelStudyFolder(
    config.out,
    config,
    (trial) => modelOf(material.models, trial).preprocessing,
  );
  const start = performance.now();
  const before = folder.cells.length;
  const { signal, release } = interruptSignal();
  try {
    await requireSamePictures(config, material, folder.cells, signal);
    const session = { config, material, folder, wanted, signal };
    const rates =
      address === undefined
        ? await runModelSession(session)
        : await queueModelSession(session, { address, version });
    const now = streamedRates(decoder, rates?.training);
    if (now) process.stderr.write(`${streamedText(now)}\n`);
    // A session that had nothing to do has streamed nothing: what an earlier one kept still holds.
    const streamed = now ?? (await keptStreamedRates(folder.path));
    const drawn = { ...folder, streamed };
    const { text, record } = await drawModelReport(config, drawn, version);
    const seconds = (performance.now() - start) / 1000;
    const summary = {
      out: folder.path,
      architecture: config.architecture,
      cells: folder.cells.length,
      adapters: [...new Set(folder.cells.map(({ adapter }) => adapter))],
      versions: { espalier: version, node: process.versions.node },
      session: { cells: folder.cells.length - before, seconds },
      ...(streamed && { streamed }),
      workSeconds: folder.cells.reduce((sum, cell) => sum + cell.seconds, 0),
    };
    if (folder.cells.length > before) await writeJson(folder.path, MODEL_SUMMARY, summary);
    (settings.json ? process.stderr : process.stdout).write(text);
    if (settings.json) process.stdout.write(`${JSON.stringify({ ...summary, ...record })}\n`);
  } catch (error) {
    if (!(error instanceof EspalierError && error.code === 'aborted')) throw error;
    throw new EspalierError(
      'aborted',
      `Interrupted. ${folder.cells.length} of ${plural(placesOfStudy(config).length, 'cell')} are done. Go on with: ${goOn(folder.path, address)}`,
      { cause: error },
    );
  } finally {
    release();
    await decoder?.close();
    await folder.close();
  }
}

function goOn(path: string, address: string | undefined): string {
  const queue = address === undefined ? '' : ` --queue ${shellWord(shownAddress(address))}`;
  return `espalier study --resume --out ${shellWord(path)}${queue}`;
}

/** Keys that a two-layer study sweeps, and a deep one does not. */
const SINGLE: readonly string[] = ['batch', 'learningRate'];

/** Flags that take a list of a two-layer study's values, and one value of a deep one's. */
function withoutLists(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(given).map(([key, value]): [string, unknown] => {
    const single = SINGLE.includes(key) && Array.isArray(value);
    return [key, single && value.length === 1 ? value[0] : value];
  });
  return Object.fromEntries(entries);
}

/** The cells of a share of the study, in the order in which they are filled. */
function placesUntil(config: ModelStudyConfig, until: number): readonly ModelCellPlace[] {
  if (!(until > 0 && until <= 1)) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'until',
      given: until,
      allowed: 'a share above 0, and 1 at most',
    });
  }
  const all = placesOfStudy(config);
  return all.slice(0, Math.ceil(until * all.length));
}
