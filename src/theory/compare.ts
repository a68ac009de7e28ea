import { quantileSorted } from 'simple-statistics';
import { randomStream } from '../random.js';
import { plural } from '../text.js';
import { type Fit, fitModel } from './fit.js';
import { type Model, type Observation, type Setting, thresholdModels } from './models.js';

/** A parameter's estimate and its 95 % interval, which is absent with one trial alone. */
export interface Estimate {
  readonly value: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** A curve fitted to thresholds, and how well it is supported beside the others. */
export interface ComparedFit extends Omit<Fit, 'parameters' | 'solution'> {
  readonly parameters: Readonly<Record<string, Estimate>>;
  /**
   * Akaike weight: the share of the support that this curve has among those compared; 0 for all
   * where too few observations leave a curve without a finite AICc.
   */
  readonly weight: number;
  /** 95 % interval of the curve at a dataset size. */
  readonly band: (examples: number) => readonly [low: number, high: number] | undefined;
}

export interface Comparison {
  /** Best supported first. */
  readonly fits: readonly ComparedFit[];
  /** Why there are no fits. */
  readonly missing: string | undefined;
}

const RESAMPLES = 1000;
/** Curves that close to the best by AICc have about as much support (Burnham and Anderson, 2002). */
export const INDISTINCT = 2;

/**
 * Fits all curves and compares them by AICc. Intervals come from a bootstrap over trials (Efron,
 * 1979; percentile): each resample draws as many trials for each size as it has, with
 * replacement, from the seed's stream 'bootstrap', and is fitted anew. With few trials such
 * intervals are somewhat too narrow: they know no spread beyond what the trials show.
 */
export function compare(
  observations: readonly Observation[],
  setting: Setting,
  seed: number,
  resamples = RESAMPLES,
): Comparison {
  const missing = whyNot(observations);
  if (missing) return { fits: [], missing };
  const models = thresholdModels(observations, setting);
  const fitted = models.map((model) => ({ model, fit: fitModel(model, observations) }));
  const samples = bootstrapSamples(observations, seed, resamples);
  const least = Math.min(...fitted.map((one) => one.fit.aicc));
  // With hardly more observations than unknowns AICc is infinite, and tells nothing of that curve.
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

/** Trials of a size often agree, so many resamples are alike: each kind is fitted once. */
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

/** A slope needs thresholds at two sizes at least, and σ one that is known from both sides. */
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

/** No samples where every size has one trial: they would all be the same. */
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
