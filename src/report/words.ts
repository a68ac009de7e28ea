import {
  type AnalysedSetting,
  bestFit,
  type Finding,
  type ThresholdFits,
} from '../study/analysis.js';
import { plural } from '../text.js';
import type { Estimate } from '../theory/compare-fits.js';
import type { ModelName } from '../theory/models.js';

const CURVE_NAMES: Readonly<Record<ModelName, string>> = {
  constant: 'a constant',
  logarithm: 'the logarithm',
  power: 'the power law',
  theory: "the theory's bound",
};

const SYMBOLS: Readonly<Record<string, string>> = { alpha: 'α', beta: 'β', c: 'c' };

export function curveName(model: ModelName): string {
  return CURVE_NAMES[model];
}

export function formulaText(formula: string): string {
  return formula.replace('m^β', 'mᵝ');
}

/** `loss ≤ 0.028`, or `90 % of the way to the best loss`. */
export function criterionText({ criterion }: Pick<Finding, 'criterion'>): string {
  return criterion.name === 'absolute'
    ? `loss ≤ ${criterion.level}`
    : `${figure(100 * (1 - criterion.tolerance))} % of the way to the best loss`;
}

/** `α = −380 (−500 … −290)`. */
export function estimateText(name: string, { value, low, high }: Estimate): string {
  const range =
    low === undefined || high === undefined ? '' : ` (${figure(low)} … ${figure(high)})`;
  return `${SYMBOLS[name] ?? name} = ${figure(value)}${range}`;
}

/** With fewer sizes or thresholds nearly any curve goes through them: which is best says little. */
const ENOUGH_SIZES = 5;
const ENOUGH_THRESHOLDS = 10;

/** How few thresholds there are, and at how few sizes; undefined where there are enough of both. */
export function tooFewPoints({ thresholds }: Pick<Finding, 'thresholds'>): string | undefined {
  const known = thresholds.filter(({ iteration }) => iteration !== null);
  const sizes = new Set(known.map(({ examples }) => examples)).size;
  if (sizes >= ENOUGH_SIZES && known.length >= ENOUGH_THRESHOLDS) return undefined;
  return `${plural(known.length, 'threshold')} at ${plural(sizes, 'size')}`;
}

/** One sentence that names the best supported curve and those about as good. */
export function fitText(finding: ThresholdFits): string {
  const { fits, supported, missing } = finding;
  if (missing) return `no curve was fitted: ${missing}.`;
  const best = bestFit(finding);
  if (!best) return 'there are too few trials to tell the curves apart.';
  const estimates = Object.entries(best.parameters)
    .map(([name, estimate]) => estimateText(name, estimate))
    .join(', ');
  const few = tooFewPoints(finding);
  if (few) {
    return `${few} are too few to tell which curve is right: nearest so far is ${curveName(best.model)}, ${formulaText(best.formula)}, with ${estimates}.`;
  }
  const rivals = fits.filter((one) => one !== best && supported.includes(one.model));
  const others =
    rivals.length > 0
      ? `${listed(rivals.map(({ model }) => curveName(model)))} ${rivals.length > 1 ? 'do' : 'does'} about as well`
      : 'no other curve comes within 2 of its AICc';
  return `best supported is ${curveName(best.model)}, ${formulaText(best.formula)}, with ${estimates}; ${others}.`;
}

export function settingText({
  width,
  learningRate,
  batch,
  picks,
  method,
  rule,
}: AnalysedSetting): string {
  const size = batch === 'full' ? 'all examples a step' : `batch ${batch}`;
  return `width ${width}, ${plural(picks, 'pick')}, ${size}, learning rate ${learningRate}, ${method}${method === 'greedy' ? ` with rule ${rule}` : ''}`;
}

export function listed(names: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(names);
}

/** With a large first letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Three digits, with a minus sign that is as wide as a plus. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e6)
      ? value.toExponential(2).replace(/e\+?(-?\d+)/, (_, power: string) => ` · 10${raised(power)}`)
      : value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
  return text.replaceAll('-', '−');
}

function raised(power: string): string {
  return power.replaceAll(/[-\d]/g, (sign) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt('-0123456789'.indexOf(sign)));
}

/** A number as the axes show it: `1,000`, `0.0025`. */
export function compact(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
