import { Command } from 'commander';
import { addBench } from './bench.js';
import { addCompare } from './compare.js';
import { addData } from './data.js';
import { addDemo } from './demo.js';
import { addEvaluate } from './evaluate.js';
import { addInfo } from './info.js';
import { addInspect } from './inspect.js';
import { addPrune } from './prune.js';
import { addReport } from './report.js';
import { addRun } from './run.js';
import { addStudy } from './study.js';
import { addTrain } from './train.js';
import { addWorker } from './worker.js';

/** The command line: every command with its flags. */
export function createProgram(version: string): Command {
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

  addRun(program, version);
  addCompare(program, version);
  addStudy(program, version);
  addReport(program, version);
  addWorker(program, version);
  addTrain(program, version);
  addPrune(program, version);
  addEvaluate(program, version);
  addInspect(program);
  addBench(program, version);
  addInfo(program, version);
  addData(program);
  addDemo(program);
  return program;
}
