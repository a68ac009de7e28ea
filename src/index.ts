export { parseIdxImages, parseIdxLabels } from './data/idx.js';
export type { ImageSource, LabelledImages } from './data/images.js';
export { imageSource, labelledImages } from './data/images.js';
export { drawSubset } from './data/subset.js';
export type { Task } from './data/tasks.js';
export { type ErrorCode, EspalierError } from './errors.js';
export { Batch } from './gpu/batch.js';
export { adoptDevice, type Device, openDevice } from './gpu/device.js';
export { Scope } from './gpu/scope.js';
export { openBrowserAdapter } from './hosts/browser.js';
export { decodeSafetensors, encodeSafetensors, type Tensor } from './io/safetensors.js';
export { type Dataset, uploadDataset } from './models/dataset.js';
export { type Evaluation, evaluate, hiddenActivations } from './models/forward.js';
export { subnetworkOf } from './models/subnetwork.js';
export {
  type Activation,
  drawParameters,
  type Network,
  type Parameters,
  readParameters,
  type Shape,
  uploadNetwork,
} from './models/two-layer.js';
export { type GreedyOptions, selectGreedily } from './prune/greedy.js';
export { type Selection, type SelectionProblem, weightsOf } from './prune/selection.js';
export { parseRunConfig, type RunConfig } from './study/config.js';
export { drawExamples, type Examples } from './study/examples.js';
export { datasetFile, fileOf, type RunFile } from './study/files.js';
export { type Figures, type RunEvent, type RunInput, type RunSummary, run } from './study/run.js';
export {
  advance,
  startTraining,
  type Training,
  type TrainingOptions,
  type TrainingProgress,
} from './train/gradient-descent.js';
