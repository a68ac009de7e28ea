import {
  conflictIn,
  EspalierError,
  fineTuneRate,
  parseRunConfig,
  type RunConfig,
  taskOutputs,
} from '../../src/index.js';
import { quoted } from '../../src/text.js';

export type DataChoice = 'small' | 'full' | 'own';

/** The settings that the page has controls for: a part of a run's configuration. */
export interface Settings
  extends Pick<
    RunConfig,
    | 'task'
    | 'examples'
    | 'width'
    | 'activation'
    | 'iterations'
    | 'batch'
    | 'learningRate'
    | 'pruneEvery'
    | 'picks'
    | 'method'
    | 'rule'
    | 'replacement'
    | 'loss'
    | 'refit'
    | 'fineTune'
    | 'seed'
  > {
  readonly data: DataChoice;
}

/** Defaults for a software adapter: a run takes about a minute on two cores. */
const SOFTWARE: Settings = {
  data: 'small',
  task: 'digits',
  examples: 1000,
  width: 128,
  activation: 'tanh',
  iterations: 600,
  batch: 64,
  // In so few steps, 1 leaves the output weights far from where a refit puts them.
  learningRate: 2,
  pruneEvery: 200,
  picks: 80,
  method: 'greedy',
  rule: 'corrective',
  replacement: true,
  loss: 'squared',
  refit: 'weights',
  fineTune: 100,
  seed: 0,
};

const HARDWARE: Settings = {
  ...SOFTWARE,
  examples: 2000,
  learningRate: 1,
  width: 256,
  iterations: 1000,
  batch: 128,
  pruneEvery: 100,
  picks: 120,
  fineTune: 200,
};

export function defaultsFor(kind: 'hardware' | 'software'): Settings {
  return kind === 'hardware' ? HARDWARE : SOFTWARE;
}

const KEYS = Object.keys(SOFTWARE) as readonly (keyof Settings)[];

/** All settings as key and text. Defaults are written too, since they differ between machines. */
export function settingsEntries(settings: Settings): [key: string, text: string][] {
  return KEYS.map((key) => [key, String(settings[key])]);
}

/**
 * Reads what `settingsEntries` wrote. A key that is absent takes its default.
 *
 * @throws bad-config naming the first wrong key.
 */
export function settingsFromEntries(
  entries: readonly (readonly [key: string, text: string])[],
  defaults: Settings,
): Settings {
  const given: Record<string, unknown> = {};
  for (const [key, text] of entries) {
    if (!KEYS.some((known) => known === key)) {
      throw new EspalierError(
        'bad-config',
        `The link has the unknown setting ${quoted(key)}. The settings are ${KEYS.join(', ')}.`,
      );
    }
    given[key] = read(text);
  }
  const data = given.data ?? defaults.data;
  if (data !== 'small' && data !== 'full' && data !== 'own') {
    throw new EspalierError(
      'bad-config',
      `The link's setting "data" must be small or full, not ${quoted(String(data))}.`,
    );
  }
  const all = (base: Settings) => ({ ...base, ...given, data }) as Settings;
  try {
    return playable(all(defaults));
  } catch (error) {
    if (!(error instanceof EspalierError && error.details.kind === 'conflict')) throw error;
    // A default yields to what the link says. What it says itself stands, and may be refused.
    return playable(all(changed(defaults, given)));
  }
}

function playable(settings: Settings): Settings {
  requirePlayable(configFromSettings(settings));
  return settings;
}

/**
 * The configuration of a run with these settings.
 *
 * @param data where the command line finds the same images; the page itself does not read this key.
 * @throws bad-config naming the first wrong key.
 */
export function configFromSettings(settings: Settings, data = 'mnist'): RunConfig {
  const [rule, refit] = [effectiveRule(settings), effectiveRefit(settings)];
  return parseRunConfig({ ...settings, rule, refit, data });
}

/**
 * Settings after a change. If the change does not go with other settings, those are changed too:
 * the cross-entropy needs several classes, equal weights and a method that can use it, and a
 * ranking cannot pick a neuron twice.
 */
export function changed(before: Settings, patch: Partial<Settings>): Settings {
  const after = { ...before, ...patch };
  const { task, loss, method, replacement, picks, width } = after;
  const crossed = loss === 'cross-entropy';
  const weighed = { method, rule: effectiveRule(after), loss, outputs: taskOutputs(task) };
  const yields = patch.loss === undefined && conflictIn(weighed) !== undefined;
  return {
    ...after,
    ...(yields && { loss: 'squared' }),
    ...(crossed && !yields && { task: 'digits', rule: 'average' }),
    ...(crossed && !yields && conflictIn({ method, loss }) && { method: 'greedy' }),
    ...(conflictIn({ method, replacement, picks, width }) && { picks: width }),
  };
}

/**
 * Only greedy selection has a rule. The setting stays, for when greedy selection is chosen again.
 */
function effectiveRule({ method, rule }: Settings): Settings['rule'] {
  return method === 'greedy' ? rule : 'average';
}

/** A refit is by least squares. The setting stays, for when the squared error is chosen again. */
function effectiveRefit({ loss, refit }: Settings): Settings['refit'] {
  return loss === 'squared' ? refit : 'none';
}

/** More neurons than these the page cannot draw, nor change while somebody waits. */
const MOST_NEURONS = 4096;

/**
 * Refuses what the page cannot show: too many neurons, and `scratch`, a method that picks none.
 *
 * @throws bad-config naming the key.
 */
function requirePlayable(config: RunConfig): void {
  for (const key of ['width', 'picks'] as const) {
    const given = config[key];
    const allowed = `at most ${MOST_NEURONS} on this page`;
    if (given > MOST_NEURONS) {
      throw new EspalierError('bad-config', { kind: 'value', key, given, allowed });
    }
  }
  if (config.method !== 'scratch') return;
  throw new EspalierError(
    'bad-config',
    'The method scratch trains a small network from the start and picks nothing: Compare has it beside the others, and so has npx espalier run.',
  );
}

/**
 * The settings that a run's configuration holds, all but the data set: a configuration names the
 * place of its images on another machine.
 *
 * @throws bad-config where the page cannot show such a run.
 */
export function settingsFrom(config: RunConfig): Partial<Settings> {
  requirePlayable(config);
  return Object.fromEntries(
    Object.entries(config).filter(([key]) => key !== 'data' && KEYS.some((known) => known === key)),
  );
}

/**
 * Keys that change no figure of a run, and `fineTuneLearningRate`, which `leftOut` treats apart.
 */
const NO_SETTING: ReadonlySet<string> = new Set([
  ...['data', 'host', 'adapter', 'tuning', 'out', 'oracle', 'block', 'streamActivations'],
  'fineTuneLearningRate',
]);

/**
 * The keys and values of a configuration that change a run's figures, differ from the default, and
 * have no control on this page.
 */
export function leftOut(config: RunConfig): readonly string[] {
  const usual = parseRunConfig({});
  const left = Object.entries(config).flatMap(([key, value]) => {
    const known = NO_SETTING.has(key) || KEYS.some((each) => each === key);
    return known || value === usual[key as keyof RunConfig] ? [] : [`${key} ${value}`];
  });
  const rate = fineTuneRate(config);
  const follows = rate === fineTuneRate({ learningRate: config.learningRate });
  return follows ? left : [...left, `fineTuneLearningRate ${rate}`];
}

export function sameSettings(a: Settings, b: Settings): boolean {
  return KEYS.every((key) => a[key] === b[key]);
}

function read(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}
