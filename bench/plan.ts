import { EspalierError } from '../src/errors.js';
import { quoted } from '../src/text.js';
import { type Benchmark, type BenchmarkCase, type Shape, shapeLabel } from './benchmark.js';
import { FORMS, type Form, isForm } from './peers/peer.js';
import { type BenchEntry, SUBJECTS } from './report.js';

/** What a user asks for: the flags of `espalier bench`. */
export interface BenchRequest {
  /** Work and kernels by name; none: what stands for all. */
  readonly names: readonly string[];
  /** Sizes that a shape must have: it is taken where it has all of them. */
  readonly shape?: Shape;
  /** The same for single works, by name. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /** One of this library's variants, or a form of its peers; the other side takes its own choice. */
  readonly variant?: string;
  /** Who takes part; all that are there when absent. */
  readonly subjects?: readonly BenchEntry['subject'][];
  /** One shape, the library's own variant, the peers' fastest form, and a third of the time. */
  readonly quick: boolean;
}

/** One shape of one benchmark, and the variants and peers' forms that compete in it. */
export interface Contest {
  readonly benchmark: Benchmark;
  readonly case: BenchmarkCase;
  /** The library's own choice on the adapter when absent. */
  readonly variants: readonly string[] | undefined;
  readonly forms: readonly Form[];
  /** Its shape was asked for, so that it runs on any adapter. */
  readonly forced: boolean;
}

/**
 * The contests of a request.
 *
 * @param standard the names that stand for all.
 * @throws bad-config for a name, variant or shape that is not there, with those that are.
 */
export function planContests(
  benchmarks: readonly Benchmark[],
  standard: readonly string[],
  request: BenchRequest,
): readonly Contest[] {
  const { names, shape, variant, quick } = request;
  const asked = names.length > 0;
  const wanted = asked ? names : standard;
  for (const name of wanted) {
    if (benchmarks.some((benchmark) => benchmark.name === name)) continue;
    throw unknown(
      'benchmark',
      name,
      benchmarks.map((benchmark) => benchmark.name),
    );
  }
  const named = benchmarks.filter(({ name }) => wanted.includes(name));
  const form = isForm(variant) && invitesPeers(request) ? variant : undefined;
  const able = named.filter(({ variants, cases }) => {
    if (form) return cases.some(({ rival }) => rival);
    return variant === undefined || variants.includes(variant);
  });
  if (able.length === 0) {
    const rivalled = named.some(({ cases }) => cases.some(({ rival }) => rival));
    throw unknown('variant', variant ?? '', [
      ...named.map(({ name, variants }) => `${variants.join(' or ')} (${name})`),
      ...(rivalled ? [`${FORMS.join(' or ')} (peers)`] : []),
    ]);
  }
  const one = quick || !asked;
  const ours = takesPart(request, 'espalier');
  const wantedVariants = ({ variants }: Benchmark) => {
    if (form) return undefined;
    if (variant !== undefined) return [variant];
    return one ? undefined : variants;
  };
  const forms = form ? [form] : one || variant !== undefined ? (['fastest'] as const) : FORMS;
  const contests = able.flatMap((benchmark) => {
    const sizes = request.shapes?.[benchmark.name] ?? shape;
    const fitting = benchmark.cases.filter(({ shape: own }) => matches(own, sizes));
    return (one ? fitting.slice(0, 1) : fitting).map((each) => ({
      benchmark,
      case: each,
      variants: ours ? wantedVariants(benchmark) : [],
      forms,
      forced: sizes !== undefined,
    }));
  });
  const held = contests.filter(({ case: each }) => ours || each.rival);
  if (held.length > 0) return held;
  if (contests.length > 0) {
    const rivalled = benchmarks.filter(({ cases }) => cases.some(({ rival }) => rival));
    throw new EspalierError(
      'bad-config',
      `There are no peers for ${wanted.join(', ')}; there are for ${rivalled.map(({ name }) => name).join(', ')}.`,
    );
  }
  throw unknown(
    'shape',
    shapeLabel(shape ?? {}),
    able.flatMap(({ name, cases }) => cases.map((each) => `${name} ${shapeLabel(each.shape)}`)),
  );
}

/** Whether anyone beside this library may take part. */
export function invitesPeers(request: BenchRequest): boolean {
  return SUBJECTS.some((subject) => subject !== 'espalier' && takesPart(request, subject));
}

export function takesPart({ subjects }: BenchRequest, subject: BenchEntry['subject']): boolean {
  return subjects?.includes(subject) ?? true;
}

function matches(own: Shape, wanted: Shape | undefined): boolean {
  return Object.entries(wanted ?? {}).every(([name, size]) => own[name] === size);
}

function unknown(kind: string, given: string, known: readonly string[]): EspalierError {
  return new EspalierError(
    'bad-config',
    `There is no ${kind} ${quoted(given)}. There is ${known.join(', ')}.`,
  );
}
