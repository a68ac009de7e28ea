import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';

import { imagesChecksum } from '../data/images.js';
import { TASKS } from '../data/tasks.js';
import { EspalierError } from '../errors.js';
import { ACTIVATIONS } from '../models/two-layer.js';
import { METHODS } from '../prune/choices.js';
import { type Analysis, recordOfAnalyses } from '../study/analysis.js';
import type { Cell } from '../study/cell.js';
import { cellCount, requireSizes } from '../study/grid.js';
import { MODEL_PRESET_NAMES } from '../study/model/presets.js';
import { openTrials, trialInput } from '../study/study.js';
import { parseStudyConfig, type StudyConfig } from '../study/study-config.js';
import type { TrialEvent } from '../study/trial.js';
import { plural, shellWord } from '../text.js';
import { writeJson } from './files.js';
import {
  addDeviceFlags,
  givenFlags,
  names,
  number,
  numbers,
  readConfig,
  STORAGE_HELP,
  storageOption,
} from './flags.js';
import { readImages } from './images.js';
import { interruptSignal } from './outcome.js';
import { shownAddress } from './redis-server.js';
import { drawReport } from './report.js';
import {
  defaultStudyFolder,
  openStudyFolder,
  readStudyFolder,
  type StudyFolder,
} from './study-folder.js';
import {
  addModelStudyFlags,
  isModelStudy,
  MODEL_STUDY_EXAMPLES,
  studyModelCommand,
} from './study-model.js';
import {
  CELL_WORDS,
  createStudyProgress,
  duration,
  estimate,
  showTrial,
  studyWorkload,
} from './study-progress.js';
import { runQueued } from './study-queue.js';
import { runSession, type Session } from './study-session.js';
import { studyTable } from './study-table.js';
import { TWO_LAYER_TRIALS } from './trial-kinds.js';

/** Flags that are no part of a study's configuration. */
interface OwnFlags {
  readonly config?: string;
  readonly resume?: true;
  readonly queue?: string;
  readonly until?: number;
  readonly json?: true;
}

export function addStudy(program: Command, version: string): void {
  const command = program
    .command('study')
    .description(
      'Measures how much pre-training is enough: subnetworks pruned at checkpoints, over dataset sizes and trials.',
    )
    .addOption(
      new Option('--preset <name>', 'defaults of the flags below').choices([
        ...['quick', 'paper'],
        ...MODEL_PRESET_NAMES,
      ]),
    )
    .option(
      '--data <source>',
      '"mnist", a folder with IDX files or tables (.csv), or one table; plain or .gz; with --architecture "cifar10", a folder with its binary files, or of pictures in a folder a class',
    )
    .addOption(new Option('--task <task>', 'what the labels become').choices(TASKS))
    .option('--sizes <m,…>', 'training examples, ascending', numbers)
    .option('--trials <r>', 'pre-trainings of each size', number)
    .option('--width <n,…>', 'neurons of the dense network; of a deep one see --widths', numbers)
    .addOption(new Option('--activation <name>', 'of the hidden layer').choices(ACTIVATIONS))
    .option('--iterations <t>', 'steps of pre-training, as many for each size', number)
    .option('--batch <size,…>', 'examples of a step, or "full"', numbers)
    .option('--learning-rate <rate,…>', 'in mean-field units', numbers)
    .option('--momentum <mu>', 'from 0 to below 1', number)
    .option('--prune-every <steps>', 'steps from one checkpoint to the next', number)
    .option('--picks <k,…>', 'picks of the selection', numbers)
    .option('--method <name,…>', `how neurons are chosen: ${METHODS.join(', ')}`, names)
    .option('--rule <name,…>', 'how greedy weights them: average, line-search, corrective', names)
    .option('--no-replacement', 'pick no neuron twice')
    .option('--loss <name>', 'of training and of selection: squared, cross-entropy')
    .addOption(storageOption())
    .option('--fine-tune <steps>', 'steps of training each subnetwork, with comparisons', number)
    .option(
      '--fine-tune-learning-rate <rate>',
      'a quarter of --learning-rate by default, 0.01 with --architecture',
      number,
    )
    .option('--no-controls', 'fine-tune without the comparisons')
    .option('--level <loss>', 'of the absolute criterion (default: one that all reach)', number)
    .option(
      '--tolerance <share>',
      'of the relative criterion: a share of the loss, or of accuracy with --architecture',
      number,
    )
    .option('--seed <seed>', 'of trial 0; trial r has seed + r', number);
  addModelStudyFlags(command);
  addDeviceFlags(command)
    .option('--out <folder>', 'where the records go (default: runs/study-…, by configuration)')
    .option('--resume', 'go on with the study in --out, which also gives the flags')
    .option('--queue <address>', 'hand the trials to the workers of a Redis server')
    .option('--config <file>', 'a JSON file with these flags as keys; a flag given here wins')
    .option('--json', 'print the summary, thresholds and fits as one line of JSON')
    .addHelpText(
      'after',
      `
A flag with <…,…> takes several values, separated by commas, and the study does all of them.
The same command goes on where an earlier one ended. Defaults, by their keys in --config: ${Object.entries(
        parseStudyConfig({}),
      )
        .map(([key, value]) => `${key} ${String(value)}`)
        .join(', ')}.

${STORAGE_HELP}

Examples:
  espalier study                                      five sizes of MNIST; minutes without a GPU
  espalier study --sizes 250,1000,4000 --trials 5     other sizes, more trials
  espalier study --picks 25,50,100 --batch 64,full  vary what the paper varies
  espalier study --preset paper --out runs/paper      the paper's grid: for a data-centre GPU
  espalier study --resume --out runs/paper            go on with it after Ctrl-C
  espalier study --queue redis://big:6379             on many machines: see espalier worker
${MODEL_STUDY_EXAMPLES}`,
    );
  command.action(async (_flags: unknown, self: Command) => {
    const { config: file, resume, json, queue, until, ...flags }: OwnFlags = givenFlags(self);
    const given = { ...(file && (await readConfig(file))), ...flags };
    if (await isModelStudy(given, resume === true)) {
      await studyModelCommand(given, {
        ...{ json: json === true, resume: resume === true, queue, until, version },
      });
      return;
    }
    const config = await configToRun(given, resume === true);
    await execute(config, { json: json === true, queue, version });
  });
}

/** With --resume the folder gives what the flags do not. */
async function configToRun(
  given: Readonly<Record<string, unknown>>,
  resume: boolean,
): Promise<StudyConfig & { readonly out: string }> {
  const { out } = given;
  if (!resume) {
    const config = parseStudyConfig(given);
    return { ...config, out: config.out ?? defaultStudyFolder(config) };
  }
  const folder = typeof out === 'string' ? out : defaultStudyFolder(parseStudyConfig(given));
  if (!(await stat(folder).catch(() => undefined))) {
    throw new EspalierError(
      'bad-config',
      `--resume: there is no study in ${folder}; name its --out.`,
    );
  }
  const { config } = await readStudyFolder(folder);
  return { ...parseStudyConfig({ ...config, ...given }), out: folder };
}

interface Settings {
  readonly json: boolean;
  /** Address of the Redis server whose workers do the trials; otherwise this process does. */
  readonly queue: string | undefined;
  readonly version: string;
}

async function execute(
  config: StudyConfig & { readonly out: string },
  settings: Settings,
): Promise<void> {
  const start = performance.now();
  const source = await readImages(config.data);
  requireSizes(config, source);
  const folder = await openStudyFolder(config.out, config);
  const { signal, release } = interruptSignal();
  const before = folder.cells.length;
  try {
    const host = await work({ config, source, folder, signal }, settings);
    const analyses = await drawReport(config, folder, { version: settings.version, host });
    const seconds = (performance.now() - start) / 1000;
    await conclude(folder, analyses, { ...settings, host, before, seconds });
  } catch (error) {
    throw interrupted(error, folder, config, settings.queue);
  } finally {
    release();
    await folder.close();
  }
}

/** Computes the cells that the folder lacks, and gives the kind of host that did. */
async function work(
  own: Pick<Session, 'config' | 'source' | 'folder' | 'signal'>,
  { queue: address, version }: Settings,
): Promise<string | undefined> {
  const { config, source, folder, signal } = own;
  const inputs = source.train.rows * source.train.columns + 1;
  const workload = studyWorkload(config, inputs, source.test.count);
  const progress = createStudyProgress(process.stderr, workload, {
    done: folder.cells,
    words: CELL_WORDS,
  });
  let host: string | undefined;
  try {
    for (const note of folder.notes) progress.note(note);
    if (address) {
      await runQueued({
        ...{ kind: TWO_LAYER_TRIALS, config, folder, signal, address, version },
        open: () => openTrials(config, folder.cells),
        checksum: async (trial) =>
          imagesChecksum(trialInput(config, source, trial, folder.cells).examples.train),
        onNote: progress.note,
        onCell: progress.cell,
      });
      return 'queue';
    }
    await runSession({
      ...own,
      onEvent: (event: TrialEvent) => showTrial(progress, event),
      onLoss: (message) => progress.note(`${message} Opening a new device.`),
      onHost: async (opened) => {
        host = opened.kind;
        const { adapter } = await opened.execute('info', null);
        progress.note(estimate(workload, folder.cells.length, adapter));
      },
    });
    return host;
  } finally {
    progress.stop();
  }
}

interface Conclusion extends Settings {
  readonly host: string | undefined;
  /** Cells that were there before this session. */
  readonly before: number;
  readonly seconds: number;
}

/** Writes the summary and prints what came out. */
async function conclude(
  { path, cells }: StudyFolder,
  analyses: readonly Analysis[],
  { json, queue, version, host, before, seconds }: Conclusion,
): Promise<void> {
  const fresh = cells.slice(before);
  const totalSeconds = (some: readonly Cell[]) => some.reduce((sum, cell) => sum + cell.seconds, 0);
  // What the session did not spend on training, pruning and measuring; workers keep their own time.
  const overhead = queue ? undefined : 1 - totalSeconds(fresh) / seconds;
  const summary = {
    out: path,
    cells: cells.length,
    adapters: [...new Set(cells.map(({ adapter }) => adapter))],
    host,
    versions: { espalier: version, node: process.versions.node },
    session: { cells: fresh.length, seconds, ...(overhead !== undefined && { overhead }) },
    workSeconds: totalSeconds(cells),
  };
  if (fresh.length > 0) await writeJson(path, 'summary.json', summary);
  const share = overhead === undefined ? '' : `, ${(100 * overhead).toFixed(1)} % of it overhead`;
  const text = [
    studyTable(analyses),
    fresh.length > 0
      ? `${plural(fresh.length, 'cell')} in ${duration(seconds)}${share}.`
      : 'Every cell was there already.',
    `Report: ${join(path, 'report.html')}\n`,
  ].join('\n');
  if (json) process.stderr.write(text);
  const all = { ...summary, ...recordOfAnalyses(analyses) };
  process.stdout.write(json ? `${JSON.stringify(all)}\n` : text);
}

function interrupted(
  error: unknown,
  folder: StudyFolder,
  config: StudyConfig,
  queue: string | undefined,
): unknown {
  if (!(error instanceof EspalierError && error.code === 'aborted')) return error;
  const left = openTrials(config, folder.cells).length;
  return new EspalierError(
    'aborted',
    `Interrupted. ${folder.cells.length} of ${plural(cellCount(config), 'cell')} are done, ${plural(left, 'trial')} ${left === 1 ? 'is' : 'are'} left. Go on with: espalier study --resume --out ${shellWord(folder.path)}${queue ? ` --queue ${shellWord(shownAddress(queue))}` : ''}`,
    { cause: error },
  );
}
