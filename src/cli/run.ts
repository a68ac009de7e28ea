import { type Command, Option } from 'commander';

import { EspalierError } from '../errors.js';
import { drawExamples } from '../experiment/examples.js';
import { stateOfFiles } from '../experiment/resume.js';
import { parseRunConfig, type RunConfig, runSchema } from '../experiment/run-config.js';
import type { RunEvent, RunSummary } from '../experiment/run-events.js';
import { exceptGreedyOnly } from '../prune/choices.js';
import { shellWord } from '../text.js';
import {
  addDeviceFlags,
  addImprovementFlags,
  addNetworkFlags,
  givenFlags,
  number,
  readConfig,
  STORAGE_HELP,
  storageOption,
} from './flags.js';
import { withHost } from './host.js';
import { readImages } from './images.js';
import { type KeptRun, readKeptRun, requireSameTraining } from './kept-run.js';
import { interruptSignal } from './outcome.js';
import { createProgress } from './progress.js';
import { requireUsable } from './run-folder.js';
import { createRunRecords, type RunRecords } from './run-records.js';
import { summaryTable } from './summary-table.js';

const { method, rule, loss } = runSchema.shape;
const METHOD_NAMES = method.unwrap().options;
const RULE_NAMES = rule.unwrap().options;
const LOSS_NAMES = loss.unwrap().options;

/** Flags that are no part of a run's configuration. */
interface OwnFlags {
  readonly config?: string;
  readonly from?: string;
  readonly overwrite?: true;
  readonly json?: true;
}

export function addRun(program: Command, version: string): void {
  const command = addNetworkFlags(
    program
      .command('run')
      .description('Pre-trains one network, prunes it and fine-tunes the subnetwork.'),
  )
    .option('--prune-every <steps>', 'also prune every so many steps; 0: only at the end', number)
    .option('--picks <k>', 'picks of the selection', number)
    .addOption(new Option('--method <name>', 'how neurons are chosen').choices(METHOD_NAMES))
    .addOption(new Option('--rule <name>', 'how the chosen are weighted').choices(RULE_NAMES))
    .option('--no-replacement', 'pick no neuron twice')
    .addOption(new Option('--loss <name>', 'of training and of selection').choices(LOSS_NAMES))
    .option('--target-loss <loss>', 'stop picking at this training loss', number)
    .option(
      '--target-fraction <share>',
      "or at this share of the dense network's; of both, the lower",
      number,
    )
    .option('--until-stalled', 'stop picking when no pick lowers the loss')
    .option('--candidates <n>', 'random candidates that each pick looks at; all by default', number)
    .option('--selection-batch <m>', 'random examples that each pick looks at', number)
    .option('--oracle <name>', 'rows, gram or direct, instead of what the planner chooses')
    .option('--block <p>', 'Gram rows computed in one pass', number)
    .option('--stream-activations', 'compute them anew for each pass instead of keeping them')
    .addOption(storageOption());
  addImprovementFlags(command)
    .option('--no-controls', 'do not train what the subnetwork is compared with')
    .option('--seed <seed>', 'of weights, examples and batches', number);
  addDeviceFlags(command)
    .option('--out <folder>', 'where the files go (default: a new folder in runs/)')
    .option('--overwrite', 'replace the run that --out holds')
    .option('--from <folder>', "go on from the newest weights in a run's folder, with its flags")
    .option('--config <file>', 'a JSON file with these flags as keys; a flag given here wins')
    .option('--json', 'print the summary as one line of JSON')
    .addHelpText(
      'after',
      `
Defaults, by their keys in --config: ${Object.entries(parseRunConfig({}))
        .map(([key, value]) => `${key} ${String(value)}`)
        .join(', ')}.

${STORAGE_HELP}

The controls are two networks that have as many steps at the same rates as the fine-tuned subnetwork:
the dense one, trained on for the steps of fine-tuning, and one of the subnetwork's width from
scratch. The last line tells which of the three is best.

--refit fits the subnetwork's output weights to the training examples by least squares, after the
picks and before fine-tuning: one scale for all of them, or every weight. The losses after each pick,
by which --target-loss stops, are those before the refit.

Ctrl-C keeps the weights that the pre-training has reached.

--from takes the folder of a run with --momentum 0, finished or not, or the unpacked .zip that the
web page saves. The new run has the flags in its config.json, and ends with the same figures as if
it had never stopped; its seconds of pre-training count those before. Flags that decide the
pre-training cannot be changed, but --iterations can.

Examples:
  espalier run                                          1,000 digits, 256 neurons, 100 picks
  espalier run --task digits --examples 5000            ten classes
  espalier run --prune-every 100 --seed 3               a subnetwork every 100 steps
  espalier run --rule corrective --target-fraction 1    as few neurons as match the dense loss
  espalier run --data ./my-idx-files --out runs/mine    other images
  espalier run --config runs/mine/config.json --out runs/again
  espalier run --from runs/mine --iterations 2000       on to more pre-training`,
    );
  command.action(async (_flags: unknown, self: Command) => {
    const given: OwnFlags = givenFlags(self);
    const { config: file, from, overwrite, json, ...flags } = given;
    const kept = from === undefined ? undefined : await readKeptRun(from);
    const chosen = { ...(file && (await readConfig(file))), ...flags };
    const config = parseRunConfig({ ...(kept && inherited(kept, chosen)), ...chosen });
    if (kept) requireSameTraining(kept, config);
    const own = { overwrite: overwrite === true, json: json === true, version, kept };
    await execute(config, own);
  });
}

/** The flags of the run to go on from, without those that the method asked for now has no use for. */
function inherited({ config }: KeptRun, chosen: Readonly<Record<string, unknown>>) {
  return (chosen.method ?? config.method) === 'greedy' ? config : exceptGreedyOnly(config);
}

interface Settings {
  readonly overwrite: boolean;
  readonly json: boolean;
  readonly version: string;
  readonly kept: KeptRun | undefined;
}

async function execute(
  config: RunConfig,
  { overwrite, json, version, kept }: Settings,
): Promise<void> {
  await requireUsable(config.out, overwrite);
  const examples = drawExamples(await readImages(config.data), config.examples, config.seed);
  const from = kept && stateOfFiles(kept.config, examples, kept);
  const progress = createProgress(process.stderr, config);
  const { signal, release } = interruptSignal();
  const records = createRunRecords(config, examples, overwrite);
  const onEvent = async (event: RunEvent) => {
    progress.show(event);
    await records.keep(event);
  };
  try {
    const { summary, host } = await withHost(config, async (opened) => ({
      host: opened.kind,
      summary: await opened.execute(
        'run',
        { config, examples, ...(from && { from }) },
        { onEvent, signal },
      ),
    }));
    progress.stop();
    const versions = { espalier: version, node: process.versions.node };
    const all = { host, versions, ...summary };
    const out = await records.finish(all);
    report(all, { folder: out, refit: config.refit, json });
  } catch (error) {
    throw interrupted(error, records, config);
  } finally {
    progress.stop();
    release();
    await records.close();
  }
}

interface Reporting extends Pick<RunConfig, 'refit'> {
  readonly folder: string;
  readonly json: boolean;
}

function report(summary: RunSummary, { folder, refit, json }: Reporting): void {
  const text = `${summaryTable(summary, refit)}\nFiles: ${folder}\n`;
  if (!json) process.stdout.write(text);
  else {
    process.stderr.write(text);
    process.stdout.write(`${JSON.stringify({ out: folder, ...summary })}\n`);
  }
}

function interrupted(
  error: unknown,
  { path, iteration }: RunRecords,
  { momentum }: RunConfig,
): unknown {
  if (!(error instanceof EspalierError && error.code === 'aborted')) return error;
  const aborted = (text: string) =>
    new EspalierError('aborted', `Interrupted. ${text}`, { cause: error });
  if (!path) return aborted('Nothing was finished yet.');
  const kept = `The newest weights in ${path} are of iteration ${iteration}`;
  if (iteration === 0) return aborted(`${kept}: no step was finished.`);
  if (momentum > 0) return aborted(`${kept}; without their momentum no run goes on from them.`);
  return aborted(`${kept}. Go on from them with: espalier run --from ${shellWord(path)}`);
}
