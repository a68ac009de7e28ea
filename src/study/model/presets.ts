/** What each preset of a study of a deep network sets; a key that is given wins. */
export const MODEL_PRESETS = {
  /**
   * Half an hour to an hour without a GPU, where each other criterion takes half as long again. The
   * published `network-loss` takes minutes a cut there.
   */
  'quick-resnet8': {
    architecture: 'resnet8',
    data: 'cifar10',
    sizes: [500, 1000, 2000],
    trials: 2,
    iterations: 128,
    checkpoints: [0, 32, 64, 96, 128],
    batch: 64,
    fineTune: 12,
    criteria: ['group'],
    calibration: 256,
    flops: 0.5,
    testPictures: 1000,
  },
  // Wolfe et al., TMLR 2024, section 5: CIFAR-10, pruned after each quarter of 80,000 steps.
  'paper-resnet34': {
    architecture: 'resnet34',
    ...publishedTraining(),
    layout: 'paper',
  },
  'paper-mobilenet-v2': {
    architecture: 'mobilenet-v2',
    ...publishedTraining(),
    flops: 0.6,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The name of a preset. */
export type ModelPreset = keyof typeof MODEL_PRESETS;

export const MODEL_PRESET_NAMES = Object.keys(MODEL_PRESETS) as [ModelPreset, ...ModelPreset[]];

function publishedTraining() {
  return {
    data: 'cifar10',
    sizes: [10_000, 30_000, 50_000],
    trials: 3,
    iterations: 80_000,
    checkpoints: [0, 20_000, 40_000, 60_000, 80_000],
    batch: 128,
    learningRate: 0.1,
    weightDecay: 5e-4,
    fineTune: 2500,
    criteria: ['group', 'network-loss', 'average'],
    // The minibatch by which the published criterion judges.
    calibration: 128,
  } as const;
}
