import { Command } from 'commander';

/**
 * Each command, which brings its own part of the house with it. Loading all of them takes longer than
 * most commands need to begin.
 */
export const COMMANDS: Readonly<
  Record<string, (program: Command, version: string) => Promise<void>>
> = {
  run: async (program, version) => (await import('./run.js')).addRun(program, version),
  compare: async (program, version) => (await import('./compare.js')).addCompare(program, version),
  study: async (program, version) => (await import('./study.js')).addStudy(program, version),
  report: async (program, version) => (await import('./report.js')).addReport(program, version),
  worker: async (program, version) => (await import('./worker.js')).addWorker(program, version),
  train: async (program, version) => (await import('./train.js')).addTrain(program, version),
  prune: async (program, version) => (await import('./prune.js')).addPrune(program, version),
  evaluate: async (program, version) =>
    (await import('./evaluate.js')).addEvaluate(program, version),
  inspect: async (program) => (await import('./inspect.js')).addInspect(program),
  bench: async (program, version) => (await import('./bench.js')).addBench(program, version),
  info: async (program, version) => (await import('./info.js')).addInfo(program, version),
  data: async (program) => (await import('./data.js')).addData(program),
  demo: async (program) => (await import('./demo.js')).addDemo(program),
};

/**
 * The command line with the command called `name` and its flags, or with all of them where there is
 * none of that name: for `--help`, and to say which one was perhaps meant.
 */
export async function createProgram(version: string, name?: string): Promise<Command> {
  const program = new Command('espalier')
    .description(
      'Pre-trains a neural network on WebGPU, prunes it by greedy forward selection, and fine-tunes what is left.',
    )
    .version(version)
    .showHelpAfterError('(add --help for the flags and examples)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  espalier run           a network for MNIST: pre-trained, pruned, fine-tuned
  espalier run --help    every flag of a run, with its default
  espalier compare       ways to prune one network, at several sizes
  espalier study         how much pre-training was enough, over dataset sizes
  espalier train         a convolutional network, on pictures
  espalier prune         a trained network of your own, to a smaller one
  espalier evaluate      a trained network of your own, on pictures
  espalier inspect       what a network is made of, and what of it can be cut
  espalier data cifar10  brings CIFAR-10 onto this machine
  espalier demo          the web page, served on this machine
  espalier info          the adapter that the work runs on`,
    );

  const all = Object.entries(COMMANDS);
  const named = all.filter(([own]) => own === name);
  for (const [, add] of named.length > 0 ? named : all) await add(program, version);
  return program;
}
