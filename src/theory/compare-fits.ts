import { quantileSorted } from 'simple-statistics';
import { randomStream } from '../random.js';
import { plural } from '../text.js';
import { type Fit, fitModel } from './fit.js';
import { type Model, type Observation, type Setting, thresholdModels } from './models.js';

/** A parameter's estimate and its 95 % interval. With one trial a size there is no interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** A curve fitted to thresholds, and its support relative to the other curves. */
export interface ComparedFit extends Omit<Fit, 'parameters' | 'solution'> {
  readonly parameters: Readonly<Record<string, Estimate>>;
  /**
   * Akaike weight, exp(−Δ/2) over its sum for all curves, with Δ the distance to the least AICc. 0
   * for all curves when one has too few observations for a finite AICc.
   */
  readonly weight: number;
  /** The 95 % interval of t(m) at a dataset size m. */
  readonly band: (examples: number) => readonly [low: number, high: number] | undefined;
}

export interface FitComparison {
  /** The best supported first. */
  readonly fits: readonly ComparedFit[];
  /** Why there are no fits. */
  readonly missing: string | undefined;
}

const RESAMPLES = 1000;
/** A curve whose AICc is within this of the best is about as good (Burnham and Anderson, 2002). */
export const INDISTINCT = 2;

/**
 * Fits all curves to thresholds and compares them by AICc. Intervals are percentiles of a bootstrap
 * over trials (Efron, 1979): a resample draws as many trials of each size as there are, with
 * replacement, and all curves are fitted to it. With few trials such intervals are somewhat too
 * narrow, as they contain only the spread that the trials show.
 *
 * @param seed of the resamples, whose random stream is 'bootstrap'.
 */
export function compareFits(
  observations: readonly Observation[],
  setting: Setting,
  seed: number,
  resamples = RESAMPLES,
): FitComparison {
  const missing = whyNot(observations);
  if (missing) return { fits: [], missing };
  const models = thresholdModels(observations, setting);
  const fitted = models.map((model) => ({ model, fit: fitModel(model, observations) }));
  const samples = bootstrapSamples(observations, seed, resamples);
  const least = Math.min(...fitted.map((one) => one.fit.aicc));
  // AICc is infinite when a curve has almost as many unknowns as observations.
  const comparable = fitted.every((one) => Number.isFinite(one.fit.aicc));
  const support = (one: Fit) => (comparable ? Math.exp((least - one.aicc) / 2) : 0);
  const total = fitted.reduce((sum, one) => sum + support(one.fit), 0);
  const fits = fitted
    .map(({ model, fit: best }): ComparedFit => {
      const { solution, parameters, ...rest } = best;
      const again = fitEach(model, samples, solution);
      return {
        ...rest,
        parameters: Object.fromEntries(
          Object.entries(parameters).map(([name, value]) => {
            const [low, high] = interval(again.map((one) => one.parameters[name] ?? Number.NaN));
            return [name, { value, low, high }];
          }),
        ),
        weight: total > 0 ? support(best) / total : 0,
        band: (examples) => {
          const [low, high] = interval(again.map((one) => one.predict(examples)));
          return low === undefined || high === undefined ? undefined : [low, high];
        },
      };
    })
    .toSorted((a, b) => a.aicc - b.aicc || b.logLikelihood - a.logLikelihood);
  return { fits, missing: undefined };
}

/**
 * Fits the model to each sample. Trials often agree, so many samples are equal: those share a fit.
 */
function fitEach(
  model: Model,
  samples: readonly (readonly Observation[])[],
  from: readonly number[],
): readonly Fit[] {
  const known = new Map<string, Fit>();
  return samples.map((sample) => {
    const key = sample
      .map(({ examples, upper }) => `${examples}:${upper}`)
      .toSorted()
      .join();
    const found = known.get(key) ?? fitModel(model, sample, from);
    known.set(key, found);
    return found;
  });
}

/**
 * Why no curve can be fitted, if so. A slope needs thresholds at two sizes or more, and σ needs one
 * threshold that lies between two checkpoints.
 */
function whyNot(observations: readonly Observation[]): string | undefined {
  const reached = observations.filter(({ upper }) => Number.isFinite(upper));
  const sizes = new Set(reached.map(({ examples }) => examples)).size;
  if (sizes < 2) {
    return `thresholds were reached at ${plural(sizes, 'dataset size')}; a curve needs two at least`;
  }
  return reached.some(({ lower }) => Number.isFinite(lower))
    ? undefined
    : 'every trial that met the criterion met it at its first checkpoint; a curve needs a threshold between two checkpoints';
}

/** Resamples of the trials. There are none when every size has one trial: all would be the same. */
function bootstrapSamples(
  observations: readonly Observation[],
  seed: number,
  resamples: number,
): readonly (readonly Observation[])[] {
  const sizes = [...new Set(observations.map(({ examples }) => examples))];
  const bySize = sizes.map((size) => observations.filter(({ examples }) => examples === size));
  if (bySize.every((trials) => trials.length < 2)) return [];
  const stream = randomStream(seed, 'bootstrap');
  return Array.from({ length: resamples }, () =>
    bySize.flatMap((trials) =>
      trials.map(() => trials[stream.below(trials.length)] as Observation),
    ),
  ).filter((sample) => !whyNot(sample));
}

function interval(values: readonly number[]): readonly [number | undefined, number | undefined] {
  const sorted = values.filter(Number.isFinite).toSorted((a, b) => a - b);
  if (sorted.length === 0) return [undefined, undefined];
  return [quantileSorted(sorted, 0.025), quantileSorted(sorted, 0.975)];
}
