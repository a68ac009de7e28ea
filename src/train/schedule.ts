/** How the learning rate moves over a training. */
export interface Schedule {
  /** The rate at the start, behind the warm-up. */
  readonly learningRate: number;
  /**
   * `cosine` falls to zero along half a cosine; `step` divides by ten after a half and after three
   * quarters of the steps (as He et al. trained ResNets, 2016); `constant` stays.
   */
  readonly schedule: 'cosine' | 'step' | 'constant';
  /** Steps over which the rate first rises from zero in a straight line. */
  readonly warmUp: number;
  /** Steps of the whole training. */
  readonly steps: number;
}

/** η of step `step`, counted from 0. */
export function rateOfStep(
  { learningRate, schedule, warmUp, steps }: Schedule,
  step: number,
): number {
  if (step < warmUp) return (learningRate * (step + 1)) / warmUp;
  const share = steps > warmUp ? (step - warmUp) / (steps - warmUp) : 0;
  switch (schedule) {
    case 'constant':
      return learningRate;
    case 'cosine':
      return (learningRate * (1 + Math.cos(Math.PI * share))) / 2;
    case 'step':
      return learningRate * (share >= 0.75 ? 0.01 : share >= 0.5 ? 0.1 : 1);
  }
}
