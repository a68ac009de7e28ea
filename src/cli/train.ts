import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import { picturesAt } from '../data/pictures.js';
import { EspalierError } from '../errors.js';
import { usualPreprocessing } from '../experiment/model/model.js';
import type { TrainEvent, TrainFigures, TrainSummary } from '../experiment/model/train.js';
import {
  parseTrainConfig,
  type TrainConfig,
  trainSchema,
} from '../experiment/model/train-config.js';
import { ARCHITECTURES, buildArchitecture, STEMS } from '../models/architectures.js';
import { drawWeights } from '../models/initial-weights.js';
import { distinctDraws, randomStream } from '../random.js';
import { streamedText } from '../study/model/rates.js';
import { mebibytes, plural, shellWord } from '../text.js';
import { readStreamedData } from './cifar10.js';
import { openDecoder, streamedRates } from './decoder.js';
import { addDeviceFlags, givenFlags, number, numbers, readConfig } from './flags.js';
import { withHost } from './host.js';
import { lockFolder } from './lock.js';
import { interruptSignal } from './outcome.js';
import { percent, phaseProgress } from './progress.js';
import { claimFolder, requireUsable } from './run-folder.js';
import {
  dropCheckpoint,
  type KeptTraining,
  keepCheckpoint,
  keepConfig,
  readKeptTraining,
} from './train-folder.js';

interface OwnFlags {
  readonly config?: string;
  readonly from?: string;
  readonly overwrite?: true;
  readonly json?: true;
}

export function addTrain(program: Command, version: string): void {
  const names = ARCHITECTURES.map(({ name }) => name);
  const { schedule, augment } = trainSchema.shape;
  const command = program
    .command('train')
    .description('Trains a convolutional network on pictures, and measures it on others.')
    .argument('[architecture]', `one of ${names.join(', ')}; not with --from`)
    .option(
      '--data <source>',
      '"cifar10", a folder with its binary files, or pictures in a folder a class',
    )
    .option('--examples <m>', 'pictures to train on, drawn from the source; all by default', number)
    .addOption(new Option('--stem <name>', 'of resnet18 and resnet34').choices(STEMS))
    .option('--width <factor>', 'of the channels', number)
    .option('--epochs <n>', 'times that each picture is trained on', number)
    .option('--batch <size>', 'pictures of a step', number)
    .option('--learning-rate <rate>', 'at the start', number)
    .addOption(new Option('--schedule <name>', 'of the rate').choices(schedule.unwrap().options))
    .option('--warm-up <epochs>', 'over which the rate first rises', number)
    .option('--momentum <mu>', 'from 0 to below 1', number)
    .option('--nesterov', "Nesterov's momentum")
    .option('--weight-decay <lambda>', 'of all parameters', number)
    .addOption(new Option('--augment <how>', 'of pictures').choices(augment.unwrap().options))
    .option('--checkpoints <epochs>', 'after which weights are kept, such as 0,5,10', numbers)
    .option('--seed <seed>', 'of weights, order and augmentation', number);
  addDeviceFlags(command)
    .option('--out <folder>', 'where the files go (default: a new folder in runs/)')
    .option('--overwrite', 'replace the run that --out holds')
    .option('--from <folder>', 'go on with the training that lies there, in the same folder')
    .option('--config <file>', 'a JSON file with these flags as keys; a flag given here wins')
    .option('--json', 'print the summary as one line of JSON')
    .addHelpText(
      'after',
      `
Leaves weights-<epoch>.safetensors with PyTorch's names and shapes, which espalier evaluate and
torch.nn.Module.load_state_dict take. Ctrl-C keeps what was reached; a kill loses an epoch at most.

Examples:
  espalier train resnet8 --data cifar10 --epochs 10
  espalier train resnet20 --data pictures --batch 64 --checkpoints 0,10,20 --out runs/mine
  espalier train --from runs/mine`,
    )
    .action(async (architecture: string | undefined, _flags: unknown, self: Command) => {
      const { config: file, from, overwrite, json, ...flags }: OwnFlags = givenFlags(self);
      const kept = from === undefined ? undefined : await readKeptTraining(from);
      const own = { ...(file && (await readConfig(file))), ...flags };
      const named = architecture === undefined ? {} : { architecture };
      const config = parseTrainConfig({ ...kept?.config, ...own, ...named });
      if (kept) requireSame(kept.config, config);
      const out = from ?? config.out;
      const settings = { overwrite: overwrite === true, json: json === true, version, kept };
      await execute({ ...config, ...(out !== undefined && { out }) }, settings);
    });
}

/** Settings of a training that goes on must be those that it began with. */
function requireSame(kept: TrainConfig, config: TrainConfig): void {
  const free = ['host', 'adapter', 'tuning', 'out', 'data', 'checkpoints'];
  for (const key of Object.keys(config) as (keyof TrainConfig)[]) {
    if (free.includes(key) || String(kept[key]) === String(config[key])) continue;
    throw new EspalierError('bad-config', {
      kind: 'value',
      key,
      given: config[key],
      allowed: `${String(kept[key])}, as the training began`,
    });
  }
}

interface Settings {
  readonly overwrite: boolean;
  readonly json: boolean;
  readonly version: string;
  readonly kept: KeptTraining | undefined;
}

async function execute(config: TrainConfig, settings: Settings): Promise<void> {
  const { overwrite, json, version, kept } = settings;
  if (!kept) await requireUsable(config.out, overwrite);
  const { architecture, stem, width, seed } = config;
  // Pictures of any size become those that the architecture usually takes.
  const usual = buildArchitecture(architecture, stem ? { stem } : {});
  const decoder = openDecoder(config.host);
  const sized = { size: usual.input, decoder };
  const { train, ...others } = await readStreamedData(config.data, sized);
  const classes = train.classes?.length;
  const graph = buildArchitecture(architecture, {
    width,
    ...(stem && { stem }),
    ...(classes && { classes }),
  });
  const network = { graph, weights: drawWeights(graph, seed) };
  const drawn = Math.min(config.examples ?? train.count, train.count);
  const draw = distinctDraws(randomStream(seed, 'pictures'), train.count);
  const source = { ...others, train: picturesAt(train, draw(drawn)) };
  const folder =
    kept && config.out !== undefined
      ? { path: config.out, release: (await lockFolder(config.out)).release }
      : await claimFolder(config.out, `train-${architecture}`, overwrite);
  const progress = phaseProgress(process.stderr);
  const { signal, release } = interruptSignal();
  const perEpoch = Math.ceil(drawn / config.batch);
  const total = config.epochs * perEpoch;
  const begun = (kept?.state.step ?? 0) / perEpoch;
  let passing = kept && !config.checkpoints.includes(begun) ? begun : undefined;
  progress.line(
    `${architecture}: ${plural(drawn, 'picture')} to train on, ${plural(source.test.count, 'picture')} to measure with, ${plural(total, 'step')}.`,
  );
  let reached: number | undefined;
  const pace = trainingPace(config.batch);
  const onEvent = async (event: TrainEvent) => {
    pace.see(event);
    if (event.type === 'progress') progress.show('Training', event.step, event.steps, note(event));
    else {
      await keepCheckpoint(folder.path, event, config);
      // A kill loses an epoch at most; what was not asked for goes once there is a later one.
      if (passing !== undefined) await dropCheckpoint(folder.path, passing);
      passing = event.figures ? undefined : event.epoch;
      reached = event.epoch;
      if (event.figures) progress.line(checkpointLine(event.epoch, event.figures));
    }
  };
  try {
    await keepConfig(folder.path, config);
    const preprocessing = usualPreprocessing(graph);
    const options = { ...config, preprocessing, augment: config.augment === 'crop-flip' };
    const summary = await withHost(config, (host) =>
      host.execute(
        'train',
        {
          network,
          source,
          options,
          checkpoints: config.checkpoints,
          ...(kept && { from: kept.state }),
        },
        { onEvent, signal },
      ),
    );
    progress.stop();
    const perSecond = pace.perSecond();
    const streamed = streamedRates(decoder, perSecond);
    if (streamed) progress.line(streamedText(streamed));
    const versions = { espalier: version, node: process.versions.node };
    const paced = { picturesPerSecond: perSecond, ...(streamed && { streamed }) };
    const all = { out: folder.path, architecture, versions, ...summary, ...paced };
    process.stdout.write(
      json ? `${JSON.stringify(all)}\n` : `${table(summary)}\nFiles: ${folder.path}\n`,
    );
  } catch (error) {
    const stopped = error instanceof EspalierError && error.code === 'aborted';
    if (!stopped || reached === undefined) throw error;
    throw new EspalierError(
      'aborted',
      `Interrupted after ${Number(reached.toFixed(2))} epochs. Go on with: espalier train --from ${shellWord(folder.path)}`,
      { cause: error },
    );
  } finally {
    progress.stop();
    release();
    await decoder?.close();
    await folder.release();
  }
}

/** Pictures trained on a second: between looks at the loss, and not while a checkpoint is measured. */
function trainingPace(batch: number) {
  let last: { readonly step: number; readonly at: number } | undefined;
  let steps = 0;
  let millis = 0;
  return {
    see: (event: TrainEvent) => {
      const at = performance.now();
      if (event.type === 'progress' && last) {
        steps += event.step - last.step;
        millis += at - last.at;
      }
      last = event.type === 'progress' ? { step: event.step, at } : undefined;
    },
    perSecond: () => (steps === 0 ? undefined : (1000 * steps * batch) / millis),
  };
}

function note({ loss, accuracy, secondsLeft }: Extract<TrainEvent, { type: 'progress' }>): string {
  const minutes = Math.ceil(secondsLeft / 60);
  const left = secondsLeft < 90 ? `${Math.ceil(secondsLeft)} s` : `${minutes} min`;
  return `loss ${loss.toFixed(3)}, ${percent(accuracy)} right, ${left} left`;
}

function checkpointLine(epoch: number, figures: TrainFigures): string {
  return `Epoch ${epoch}: ${percent(figures.testAccuracy)} of the test pictures right, loss ${figures.testLoss.toFixed(4)}.`;
}

function table(summary: TrainSummary): string {
  const rows = new Table({ style: { head: [], border: [] } });
  rows.push(
    ['pictures trained on', summary.examples],
    ['epochs', summary.epochs],
    ['test pictures right', percent(summary.testAccuracy)],
    ['test cross-entropy', summary.testLoss.toFixed(4)],
    ['seconds', summary.seconds.toFixed(1)],
    ['memory at most', mebibytes(summary.peakBytes)],
  );
  return `${rows.toString()}\nAdapter: ${summary.adapter.name}.`;
}
