import { stat } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { readImageSource } from '../data/folder.js';
import { TASKS } from '../data/tasks.js';
import { EspalierError } from '../errors.js';
import { ACTIVATIONS } from '../models/two-layer.js';
import { cellCount, requireSizes } from '../study/grid.js';
import { openTrials } from '../study/study.js';
import { parseStudyConfig, type StudyConfig } from '../study/study-config.js';
import { givenFlags, number, numbers, readConfig } from './flags.js';
import { adapterOption, hostOption } from './info.js';
import { interruptSignal } from './outcome.js';
import { drawReport } from './report.js';
import { writeJson } from './run-folder.js';
import {
  defaultStudyFolder,
  openStudyFolder,
  readStudyFolder,
  type StudyFolder,
} from './study-folder.js';
import { createStudyProgress, duration, estimate, workloadOf } from './study-progress.js';
import { runSession } from './study-session.js';
import { studyTable } from './study-table.js';

/** Flags that are no part of a study's configuration. */
interface OwnFlags {
  readonly config?: string;
  readonly resume?: true;
  readonly json?: true;
}

export function addStudy(program: Command, version: string): void {
  const command = program
    .command('study')
    .description(
      'Measures how much pre-training is enough: subnetworks pruned at checkpoints, over dataset sizes and trials.',
    )
    .addOption(
      new Option('--preset <name>', 'defaults of the flags below').choices(['quick', 'paper']),
    )
    .option('--data <source>', '"mnist" or a folder with the four IDX files, plain or .gz')
    .addOption(new Option('--task <task>', 'what the labels become').choices(TASKS))
    .option('--sizes <m,…>', 'training examples, ascending', numbers)
    .option('--trials <r>', 'pre-trainings of each size', number)
    .option('--width <n,…>', 'neurons of the dense network', numbers)
    .addOption(new Option('--activation <name>', 'of the hidden layer').choices(ACTIVATIONS))
    .option('--iterations <t>', 'steps of pre-training', number)
    .option('--batch <size,…>', 'examples of a step, or "full"', (text) =>
      text.split(',').map((size) => (size === 'full' ? size : number(size))),
    )
    .option('--learning-rate <rate,…>', 'in mean-field units', numbers)
    .option('--momentum <mu>', 'from 0 to below 1', number)
    .option('--prune-every <steps>', 'steps from one checkpoint to the next', number)
    .option('--neurons <k,…>', 'picks of the selection', numbers)
    .option('--method <name,…>', 'how neurons are chosen', names)
    .option('--rule <name,…>', 'how the chosen are weighted', names)
    .option('--no-replacement', 'pick no neuron twice')
    .option('--loss <name>', 'of training and of selection')
    .option('--fine-tune <steps>', 'steps of training each subnetwork, with comparisons', number)
    .option('--fine-tune-learning-rate <rate>', 'a quarter of --learning-rate by default', number)
    .option('--level <loss>', 'of the absolute criterion (default: one that all reach)', number)
    .option('--tolerance <share>', 'of the relative criterion', number)
    .option('--seed <seed>', 'of trial 0; trial r has seed + r', number)
    .addOption(hostOption().default(undefined))
    .addOption(adapterOption().default(undefined))
    .option('--out <folder>', 'where the records go (default: runs/study-…, by configuration)')
    .option('--resume', 'go on with the study in --out, which also gives the flags')
    .option('--config <file>', 'a JSON file with these flags as keys; a flag given here wins')
    .option('--json', 'print the summary as one line of JSON')
    .addHelpText(
      'after',
      `
A flag with <…,…> takes several values, separated by commas, and the study does all of them.
The same command goes on where an earlier one ended. Defaults: ${Object.entries(
        parseStudyConfig({}),
      )
        .map(([key, value]) => `${key} ${String(value)}`)
        .join(', ')}.

Examples:
  espalier study                                      five sizes of MNIST; minutes without a GPU
  espalier study --sizes 250,1000,4000 --trials 5     other sizes, more trials
  espalier study --neurons 25,50,100 --batch 64,full  vary what the paper varies
  espalier study --preset paper --out runs/paper      the paper's grid: for a data-centre GPU
  espalier study --resume --out runs/paper            go on with it after Ctrl-C`,
    );
  command.action(async (_flags: unknown, self: Command) => {
    const { config: file, resume, json, ...flags }: OwnFlags = givenFlags(self);
    const given = { ...(file && (await readConfig(file))), ...flags };
    const config = await configOf(given, resume === true);
    await execute(config, json === true, version);
  });
}

/** With --resume the folder gives what the flags do not. */
async function configOf(
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

async function execute(
  config: StudyConfig & { readonly out: string },
  json: boolean,
  version: string,
): Promise<void> {
  const start = performance.now();
  const source = await readImageSource(config.data);
  requireSizes(config, source);
  const folder = await openStudyFolder(config.out, config);
  const { signal, release } = interruptSignal();
  const inputs = source.train.rows * source.train.columns + 1;
  const workload = workloadOf(config, inputs, source.test.count);
  const before = folder.cells.length;
  const progress = createStudyProgress(process.stderr, workload, folder.cells);
  let host: string | undefined;
  try {
    for (const note of folder.notes) progress.note(note);
    await runSession({
      config,
      source,
      folder,
      signal,
      onEvent: progress.show,
      onLoss: (message) => progress.note(`${message} Opening a new device.`),
      onHost: async (opened) => {
        host = opened.kind;
        const { adapter } = await opened.execute('info', null);
        progress.note(estimate(workload, folder.cells.length, adapter));
      },
    });
    progress.stop();
    const analyses = await drawReport(config, folder, { version, host });
    const seconds = (performance.now() - start) / 1000;
    const fresh = folder.cells.slice(before);
    const work = fresh.reduce((sum, cell) => sum + cell.seconds, 0);
    const summary = {
      out: folder.path,
      cells: folder.cells.length,
      adapters: [...new Set(folder.cells.map(({ adapter }) => adapter))],
      host,
      versions: { espalier: version, node: process.versions.node },
      /** Of this session; what it did not spend on training, pruning and measuring is overhead. */
      session: { cells: fresh.length, seconds, overhead: 1 - work / seconds },
      workSeconds: folder.cells.reduce((sum, cell) => sum + cell.seconds, 0),
    };
    if (fresh.length > 0) await writeJson(folder.path, 'summary.json', summary);
    const overhead = `${((1 - work / seconds) * 100).toFixed(1)} % of it overhead`;
    const text = [
      studyTable(analyses),
      fresh.length > 0
        ? `${fresh.length} cells in ${duration(seconds)}, ${overhead}.`
        : 'Every cell was there already.',
      `Report: ${folder.path}/report.html\n`,
    ].join('\n');
    if (json) process.stderr.write(text);
    process.stdout.write(json ? `${JSON.stringify(summary)}\n` : text);
  } catch (error) {
    progress.stop();
    throw interrupted(error, folder, config);
  } finally {
    release();
    await folder.close();
  }
}

function interrupted(error: unknown, folder: StudyFolder, config: StudyConfig): unknown {
  if (!(error instanceof EspalierError && error.code === 'aborted')) return error;
  const left = openTrials(config, folder.cells).length;
  return new EspalierError(
    'aborted',
    `Interrupted. ${folder.cells.length} of ${cellCount(config)} cells are done, ${left} trials are left. Go on with: espalier study --resume --out ${folder.path}`,
    { cause: error },
  );
}

function names(text: string): readonly string[] {
  return text.split(',');
}
