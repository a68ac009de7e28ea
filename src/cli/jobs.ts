import type { BenchEvent, BenchInput } from '../../bench/bench.js';
import type { AdapterLimits } from '../../bench/limits.js';
import type { Peer } from '../../bench/peers/peer.js';
import type { CompareEvent, CompareInput, CompareSummary } from '../experiment/compare-events.js';
import type {
  CompareModelEvent,
  CompareModelInput,
  CompareModelSummary,
} from '../experiment/model/compare/events.js';
import type {
  EvaluateEvent,
  EvaluateInput,
  EvaluateSummary,
} from '../experiment/model/evaluate.js';
import type { DisagreementInput, Disagreements } from '../experiment/model/prune/disagreements.js';
import type {
  PruneModelEvent,
  PruneModelInput,
  PruneModelSummary,
} from '../experiment/model/prune/model.js';
import type { TrainEvent, TrainInput, TrainSummary } from '../experiment/model/train.js';
import { finalResult } from '../experiment/relay.js';
import type { RunEvent, RunInput, RunSummary } from '../experiment/run-events.js';
import type { TrainedState } from '../experiment/state.js';
import { type AdapterDescription, LIMITS } from '../gpu/adapter.js';
import type { Device } from '../gpu/device.js';
import type { Job, JobContext } from '../hosts/host.js';
import { matmulVariant } from '../kernels/variant.js';
import type { ModelTrialEvent, ModelTrialInput } from '../study/model/making.js';
import type { ModelRates, RatesInput } from '../study/model/rates.js';
import type { TrialEvent, TrialInput } from '../study/trial.js';

/** The benchmark, beside these peers. */
export function benchJob(peers: readonly Peer[]) {
  return async ({ device, emit, signal }: JobContext<BenchEvent>, input: BenchInput) => {
    const { bench } = await import('../../bench/bench.js');
    return finalResult(bench(device, input, { peers, signal }), emit);
  };
}

/**
 * What a host can be asked to do; the same functions run in this process and in a page. Each loads
 * what it needs when it is asked for, so that a command waits for nothing else.
 */
export const jobs = {
  run: async ({ device, emit, signal }: JobContext<RunEvent>, input: RunInput) => {
    const { run } = await import('../experiment/run.js');
    return finalResult(run(device, input, signal), emit);
  },
  trial: async (
    { device, emit, signal }: JobContext<TrialEvent>,
    { input, state }: { readonly input: TrialInput; readonly state?: TrainedState },
  ) => {
    const { studyTrial } = await import('../study/trial.js');
    return finalResult(studyTrial(device, input, state, signal), emit);
  },
  compare: async ({ device, emit, signal }: JobContext<CompareEvent>, input: CompareInput) => {
    const { compare } = await import('../experiment/compare.js');
    return finalResult(compare(device, input, signal), emit);
  },
  compareModel: async (
    { device, emit, signal }: JobContext<CompareModelEvent>,
    input: CompareModelInput,
  ) => {
    const { compareModel } = await import('../experiment/model/compare/compare.js');
    return finalResult(compareModel(device, input, signal), emit);
  },
  evaluate: async ({ device, emit, signal }: JobContext<EvaluateEvent>, input: EvaluateInput) => {
    const { evaluateModel } = await import('../experiment/model/evaluate.js');
    return finalResult(evaluateModel(device, input, signal), emit);
  },
  prune: async ({ device, emit, signal }: JobContext<PruneModelEvent>, input: PruneModelInput) => {
    const { pruneModel } = await import('../experiment/model/prune/model.js');
    return finalResult(pruneModel(device, input, signal), emit);
  },
  disagreements: async ({ device, signal }: JobContext<never>, input: DisagreementInput) => {
    const { findDisagreements } = await import('../experiment/model/prune/disagreements.js');
    return findDisagreements(device, input, signal);
  },
  train: async ({ device, emit, signal }: JobContext<TrainEvent>, input: TrainInput) => {
    const { trainModel } = await import('../experiment/model/train.js');
    return finalResult(trainModel(device, input, signal), emit);
  },
  modelTrial: async (
    { device, emit, signal }: JobContext<ModelTrialEvent>,
    input: ModelTrialInput,
  ) => {
    const { studyModelTrial } = await import('../study/model/trial.js');
    return finalResult(studyModelTrial(device, input, signal), emit);
  },
  modelRates: async ({ device, signal }: JobContext<never>, input: RatesInput) => {
    const { measureRates } = await import('../study/model/rates.js');
    return measureRates(device, input, signal);
  },
  bench: benchJob([]),
  limits: async (
    { device, signal }: JobContext<never>,
    { seconds }: { readonly seconds: number },
  ) => {
    const { measureLimits } = await import('../../bench/limits.js');
    return (await measureLimits(device, seconds, signal)).limits;
  },
  info: async ({ device }: JobContext<never>, _input: null) => reportDevice(device),
} satisfies {
  run: Job<RunInput, RunEvent, RunSummary>;
  trial: Job<{ readonly input: TrialInput; readonly state?: TrainedState }, TrialEvent, void>;
  compare: Job<CompareInput, CompareEvent, CompareSummary>;
  compareModel: Job<CompareModelInput, CompareModelEvent, CompareModelSummary>;
  evaluate: Job<EvaluateInput, EvaluateEvent, EvaluateSummary>;
  prune: Job<PruneModelInput, PruneModelEvent, PruneModelSummary>;
  disagreements: Job<DisagreementInput, never, Disagreements>;
  train: Job<TrainInput, TrainEvent, TrainSummary>;
  modelTrial: Job<ModelTrialInput, ModelTrialEvent, void>;
  modelRates: Job<RatesInput, never, ModelRates>;
  bench: Job<BenchInput, BenchEvent, void>;
  limits: Job<{ readonly seconds: number }, never, AdapterLimits>;
  info: Job<null, never, DeviceReport>;
};

export interface DeviceReport {
  readonly adapter: AdapterDescription;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** The matmul variant that is chosen for this adapter. */
  readonly variant: string;
}

function reportDevice(device: Device): DeviceReport {
  return {
    adapter: device.adapter,
    features: [...device.raw.features].sort(),
    limits: Object.fromEntries(LIMITS.map((name) => [name, device.limits[name]])),
    variant: matmulVariant(device),
  };
}
