import './gpu/webgpu.js';

export { parseCifar10 } from './data/cifar10.js';
export { gunzipped } from './data/gzip.js';
export { announcedBytes, parseIdxImages, parseIdxLabels } from './data/idx.js';
export { type ImageFile, readImageFiles } from './data/image-files.js';
export type { ImageSource, Images, LabelledImages } from './data/images.js';
export { imageSource, labelledImages } from './data/images.js';
export { decodeNpy } from './data/npy.js';
export {
  listPictures,
  type PictureFiles,
  type PictureListing,
  type ReadPictures,
  readPictures,
} from './data/picture-files.js';
export {
  type AnyPictures,
  type PictureSet,
  type PictureSize,
  type PictureSource,
  type Pictures,
  PREPROCESSINGS,
  type Preprocessing,
  picturesAt,
  requirePictures,
  type StreamedPictures,
} from './data/pictures.js';
export { networkInputs } from './data/preprocess.js';
export { type DecodedPicture, fitPicture } from './data/resize.js';
export { drawSubset } from './data/subset.js';
export { TASKS, type Task, taskOutputs, taskTargets } from './data/tasks.js';
export { type ErrorCode, EspalierError } from './errors.js';
export { answerTimes } from './experiment/answer-times.js';
export { compare, compareNetwork } from './experiment/compare.js';
export { contenderChoice } from './experiment/compare-config.js';
export {
  CONTENDERS,
  type CompareEvent,
  type CompareInput,
  type CompareSummary,
  type Comparison,
  type Contender,
  type DenseOutcome,
  type Outcome,
} from './experiment/compare-events.js';
export {
  atEqualSteps,
  type Contestant,
  type RunNetworks,
  type Standing,
} from './experiment/controls.js';
export { drawExamples, type Examples, networkShape } from './experiment/examples.js';
export type { Guarantee, RunTheory } from './experiment/guarantee.js';
export type { Improved, Performance } from './experiment/improve.js';
export { compareModel } from './experiment/model/compare/compare.js';
export {
  type CompareModelConfig,
  CURVE_CHOICES,
  type CurveChoice,
  compareModelSchema,
  listModelCells,
  parseCompareModelConfig,
} from './experiment/model/compare/config.js';
export type {
  CompareModelEvent,
  CompareModelInput,
  CompareModelState,
  CompareModelSummary,
  DenseFigures,
  ModelCell,
  ModelCellKey,
  PruningWay,
  WayCurve,
} from './experiment/model/compare/events.js';
export {
  type EvaluateEvent,
  type EvaluateInput,
  type EvaluateSummary,
  evaluateModel,
} from './experiment/model/evaluate.js';
export {
  encodeModel,
  type LoadOptions,
  loadModel,
  type Model,
  usualPreprocessing,
} from './experiment/model/model.js';
export { type ModelFiles, modelFiles } from './experiment/model/model-files.js';
export { type ChosenFile, loadModelFiles } from './experiment/model/model-of-files.js';
export {
  type PruneConfig,
  parsePruneConfig,
  pruneSchema,
} from './experiment/model/prune/config.js';
export {
  type Budgeted,
  COUNTED,
  type Counted,
  type PlannedCutSummary,
  type PruneEvent,
  type PruneInput,
  type PruneOptions,
  type PruneState,
  type PruneSummary,
  REFITS,
  type Refit,
  SHARINGS,
  type Sharing,
  type TrainingBetween,
  UNIT_CHOICES,
  type UnitChoice,
  type UnitCurve,
  type UnitOutcome,
} from './experiment/model/prune/events.js';
export type { FineTuneProgress, TunedName } from './experiment/model/prune/fine-tune.js';
export {
  type PruneModelEvent,
  type PruneModelInput,
  type PruneModelSummary,
  pruneModel,
} from './experiment/model/prune/model.js';
export {
  leastShare,
  measurePruning,
  type PruneMeasurements,
  type PrunePlan,
  planPruning,
} from './experiment/model/prune/plan.js';
export { cutAsPlanned, type PlannedCut, pruneNetwork } from './experiment/model/prune/prune.js';
export type { KeptCost } from './experiment/model/prune/share.js';
export {
  type TrainEvent,
  type TrainFigures,
  type TrainInput,
  type TrainSummary,
  trainModel,
} from './experiment/model/train.js';
export { finalResult } from './experiment/relay.js';
export {
  differingTraining,
  type KeptFiles,
  newestWeights,
  type PretrainingSettings,
  stateOfFiles,
} from './experiment/resume.js';
export { run } from './experiment/run.js';
export { fineTuneRate, parseRunConfig, type RunConfig } from './experiment/run-config.js';
export type {
  ChoiceFigures,
  ControlName,
  Figures,
  MemoryFigures,
  Phase,
  RunCheckpoint,
  RunEvent,
  RunInput,
  RunInterruption,
  RunProgress,
  RunSummary,
  StartingState,
} from './experiment/run-events.js';
export {
  datasetFile,
  eventFile,
  eventRecord,
  RUN_FILES,
  type RunFile,
} from './experiment/run-files.js';
export { measureSizes, type Size, type Sizes, type SizesInput } from './experiment/sizes.js';
export { decodeState, encodeState, type TrainedState } from './experiment/state.js';
export { type TrainedSize, type TrainSizesInput, trainSizes } from './experiment/train-sizes.js';
export type { Checkpoint, Counter } from './formats/checkpoint.js';
export { type FilesBeside, namesBeside } from './formats/networks.js';
export type {
  CountUse,
  OnnxAxes,
  OnnxValue,
  ParameterUse,
} from './formats/onnx/builder.js';
export type { WeightLayout } from './formats/onnx/channels-last.js';
export type { TensorAddress } from './formats/onnx/constants.js';
export type { InputSize } from './formats/onnx/ends.js';
export { exportOnnx } from './formats/onnx/export.js';
export type { ChannelForm, TensorForm, Turn } from './formats/onnx/forms.js';
export type { OnnxSource } from './formats/onnx/read.js';
export type { ExternalFiles } from './formats/onnx/tensors.js';
export {
  decodeMetadata,
  decodeSafetensors,
  encodeSafetensors,
  type LongTensor,
  type Tensor,
} from './formats/safetensors.js';
export type { TfjsLayers } from './formats/tfjs/layers.js';
export { decodeWeights, encodeWeights } from './formats/weights.js';
export type { AdapterDescription } from './gpu/adapter.js';
export type { GpuBuffer, Words } from './gpu/buffer.js';
export { Commands } from './gpu/commands.js';
export {
  adoptDevice,
  type Device,
  type OpenOptions,
  type Owned,
  openDevice,
  type Pace,
  type Tuning,
} from './gpu/device.js';
export type { BoundKernel } from './gpu/kernel.js';
export type {
  ChunkedMatrix,
  ChunkedMatrixOptions,
  Matrix,
  MatrixOptions,
  MatrixShape,
} from './gpu/matrix.js';
export { Scope } from './gpu/scope.js';
export type * from './graph/graph.js';
export type { Network, Weight, Weights } from './graph/weights.js';
export type { StorageFormat } from './half.js';
export { openBrowserAdapter } from './hosts/browser.js';
export type { LossKind } from './kernels/candidate-loss.js';
export { type ArchitectureOptions, buildArchitecture, type Stem } from './models/architectures.js';
export { type Dataset, type DatasetArrays, uploadDataset } from './models/dataset.js';
export {
  type Evaluation,
  evaluateOutputs,
  evaluateTwoLayer,
  hiddenActivations,
  streamedActivations,
} from './models/forward.js';
export { drawWeights } from './models/initial-weights.js';
export { extractSubnetwork, outputOfSubnetwork } from './models/subnetwork.js';
export {
  ACTIVATIONS,
  type Activation,
  drawParameters,
  readParameters,
  type TwoLayerNetwork,
  type TwoLayerParameters,
  type TwoLayerShape,
  uploadTwoLayer,
} from './models/two-layer.js';
export {
  type ActivationChunk,
  type Activations,
  residentActivations,
  type Streamed,
  streamedFrom,
} from './prune/activations.js';
export { CHANNEL_CRITERIA, type ChannelCriterion } from './prune/channels/criteria.js';
export type { PositionPlan, PositionSample } from './prune/channels/positions.js';
export {
  type Choices,
  type Conflict,
  conflictIn,
  METHODS,
  type SomeChoices,
} from './prune/choices.js';
export { type GreedySelection, selectGreedily } from './prune/greedy.js';
export type { GreedyOptions } from './prune/greedy-options.js';
export {
  type MethodOptions,
  type MethodSelection,
  select,
} from './prune/methods.js';
export { type Plan, type PlanRequest, planSelection } from './prune/plan.js';
export type { Selection, SelectionProblem, StopReason } from './prune/problem.js';
export type { RandomStream } from './random.js';
export { activate } from './reference/activation.js';
export { type AnalysedSetting, type Analysis, analyse, type Finding } from './study/analysis.js';
export { type Cell, type CellKey, cellKey, cellsCsv, parseCell } from './study/cell.js';
export {
  cellCount,
  listTrials,
  type Pruning,
  studyCheckpoints,
  type Trial,
  trialName,
} from './study/grid.js';
export {
  analyseModelStudy,
  type ModelAnalysis,
  type ModelCourse,
} from './study/model/analysis.js';
export type { ModelStudyCell } from './study/model/cell.js';
export {
  type ModelStudyConfig,
  modelStudyIdentity,
  parseModelStudyConfig,
} from './study/model/config.js';
export {
  drawPictures,
  listModelTrials,
  type ModelCellPlace,
  type ModelTrial,
  placesOfTrial,
  type StudiedModel,
} from './study/model/grid.js';
export type { ModelTrialEvent, ModelTrialInput } from './study/model/making.js';
export { type ModelStudyInput, studyModel } from './study/model/study.js';
export type { KeptTraining } from './study/model/train-kept.js';
export { studyModelTrial } from './study/model/trial.js';
export { type StudyInput, study } from './study/study.js';
export { parseStudyConfig, type StudyConfig, studyIdentity } from './study/study-config.js';
export type { Course, Criterion, Crossing, Threshold } from './study/thresholds.js';
export { studyTrial, type TrialEvent, type TrialInput } from './study/trial.js';
export type { ComparedFit, Estimate } from './theory/compare-fits.js';
export type { HullOptimum } from './theory/hull.js';
export type { ModelName } from './theory/models.js';
export {
  advance,
  calmerRate,
  readTrainingState,
  startTraining,
  type Training,
  type TrainingProgress,
  type TrainingState,
} from './train/gradient-descent.js';
export {
  type NetworkTrainingOptions,
  type NetworkTrainingState,
  TRAINING_DEFAULTS,
} from './train/network-training.js';
export type { MinibatchStream, TrainingOptions } from './train/options.js';
export type { Teacher } from './train/teacher.js';
export {
  type ErrorDetails,
  type Names,
  type Relation,
  type Settings,
  type Wording,
  worded,
  wordingWith,
} from './wording.js';
