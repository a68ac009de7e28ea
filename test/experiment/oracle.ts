import type { Network, Problem } from './reader.js';

/** What section 1 of the design says a run computes, in float64 and without the library. */

export type Activation = 'tanh' | 'sigmoid' | 'relu';

const SIGMA: Record<Activation, (z: number) => number> = {
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  relu: (z) => Math.max(z, 0),
};

/** σ′ at z, from h = σ(z). */
const SLOPE: Record<Activation, (h: number) => number> = {
  tanh: (h) => 1 - h * h,
  sigmoid: (h) => h * (1 - h),
  relu: (h) => (h > 0 ? 1 : 0),
};

/** H [m × n] = σ(X Aᵀ). */
function hiddenLayer({ n, a }: Network, { m, d, x }: Problem, activation: Activation) {
  const hidden = new Float64Array(m * n);
  for (let j = 0; j < m; j++) {
    for (let i = 0; i < n; i++) {
      let z = 0;
      for (let k = 0; k < d; k++) z += (x[j * d + k] as number) * (a[i * d + k] as number);
      hidden[j * n + i] = SIGMA[activation](z);
    }
  }
  return hidden;
}

/** f − y [m × C], f = (1/n) H B. */
function outputResidual(
  { n, b }: Network,
  { m, c, y }: Problem,
  hidden: Float64Array,
): Float64Array {
  const residual = new Float64Array(m * c);
  for (let j = 0; j < m; j++) {
    for (let o = 0; o < c; o++) {
      let f = 0;
      for (let i = 0; i < n; i++) f += (hidden[j * n + i] as number) * (b[i * c + o] as number);
      residual[j * c + o] = f / n - (y[j * c + o] as number);
    }
  }
  return residual;
}

export interface Measured {
  /** 1/(2m) Σ‖f − y‖² */
  readonly loss: number;
  /** The least and the largest accuracy, as outputs within 1e-5 of a decision may fall either way. */
  readonly accuracy: readonly [number, number];
}

export function measure(network: Network, problem: Problem, activation: Activation): Measured {
  const residual = outputResidual(network, problem, hiddenLayer(network, problem, activation));
  const { m, c, y } = problem;
  let squares = 0;
  for (const error of residual) squares += error * error;
  let sure = 0;
  let doubtful = 0;
  for (let j = 0; j < m; j++) {
    const target = y.subarray(j * c, (j + 1) * c);
    const f = target.map((value, o) => value + (residual[j * c + o] as number));
    let margin: number;
    if (c === 1) {
      margin = ((f[0] as number) - 0.5) * (target[0] === 1 ? 1 : -1);
    } else {
      const truth = target.indexOf(1);
      margin = (f[truth] as number) - Math.max(...f.filter((_, o) => o !== truth));
    }
    if (Math.abs(margin) < 1e-5) doubtful++;
    else if (margin > 0) sure++;
  }
  return { loss: squares / (2 * m), accuracy: [sure / m, (sure + doubtful) / m] };
}

export interface Descent {
  readonly activation: Activation;
  readonly rate: number;
  readonly momentum: number;
  readonly steps: number;
}

/** Gradient descent on all examples: v ← μ v + n ∂L/∂θ, θ ← θ − η v. */
export function descend(
  network: Network,
  problem: Problem,
  { activation, rate, momentum, steps }: Descent,
): Network {
  const { n } = network;
  const { m, d, c, x } = problem;
  const [a, b] = [network.a.slice(), network.b.slice()];
  const [va, vb] = [new Float64Array(a.length), new Float64Array(b.length)];
  for (let step = 0; step < steps; step++) {
    const hidden = hiddenLayer({ n, a, b }, problem, activation);
    const residual = outputResidual({ n, a, b }, problem, hidden);
    // n ∂L/∂b = (1/m) Σ_j r_j h_j and n ∂L/∂a = (1/m) Σ_j (r_j · b) σ′ x_j: the 1/n of f cancels.
    const [ga, gb] = [new Float64Array(a.length), new Float64Array(b.length)];
    for (let j = 0; j < m; j++) {
      for (let i = 0; i < n; i++) {
        const h = hidden[j * n + i] as number;
        let back = 0;
        for (let o = 0; o < c; o++) {
          const r = residual[j * c + o] as number;
          back += r * (b[i * c + o] as number);
          gb[i * c + o] = (gb[i * c + o] as number) + (r * h) / m;
        }
        back *= SLOPE[activation](h) / m;
        for (let k = 0; k < d; k++) {
          ga[i * d + k] = (ga[i * d + k] as number) + back * (x[j * d + k] as number);
        }
      }
    }
    const update = (theta: Float64Array, v: Float64Array, g: Float64Array) => {
      for (let i = 0; i < theta.length; i++) {
        v[i] = momentum * (v[i] as number) + (g[i] as number);
        theta[i] = (theta[i] as number) - rate * (v[i] as number);
      }
    };
    update(a, va, ga);
    update(b, vb, gb);
  }
  return { n, a, b };
}

export interface Step {
  /** The loss of the average after this pick. */
  readonly loss: number;
  /** The loss that the best candidate would have given. */
  readonly best: number;
}

/** Replays a selection: every candidate's loss at every step, from the outputs themselves. */
export function replay(
  network: Network,
  problem: Problem,
  activation: Activation,
  { selected, replacement }: { selected: Iterable<number>; replacement: boolean },
): Step[] {
  const { n, b } = network;
  const { m, c, y } = problem;
  const hidden = hiddenLayer(network, problem, activation);
  const sum = new Float64Array(m * c);
  const taken = new Set<number>();
  /** Every neuron's loss as the k-th pick. */
  const lossesAt = (k: number): Float64Array => {
    const losses = new Float64Array(n);
    for (let j = 0; j < m; j++) {
      for (let o = 0; o < c; o++) {
        const [before, target] = [sum[j * c + o] as number, y[j * c + o] as number];
        for (let i = 0; i < n; i++) {
          const output = (hidden[j * n + i] as number) * (b[i * c + o] as number);
          losses[i] = (losses[i] as number) + ((before + output) / k - target) ** 2;
        }
      }
    }
    return losses.map((squares) => squares / (2 * m));
  };
  return [...selected].map((pick, done) => {
    if (!(Number.isInteger(pick) && pick >= 0 && pick < n)) throw new Error(`Picked ${pick}.`);
    if (taken.has(pick) && !replacement) throw new Error(`Picked ${pick} twice.`);
    const losses = lossesAt(done + 1);
    const best = losses.reduce(
      (least, loss, i) => (replacement || !taken.has(i) ? Math.min(least, loss) : least),
      Number.POSITIVE_INFINITY,
    );
    for (let at = 0; at < m * c; at++) {
      const h = hidden[Math.floor(at / c) * n + pick] as number;
      sum[at] = (sum[at] as number) + h * (b[pick * c + (at % c)] as number);
    }
    taken.add(pick);
    return { loss: losses[pick] as number, best };
  });
}

/** The distinct picks in order of first selection, each with its share of all picks. */
export function sharesOfPicks(selected: Iterable<number>): [neuron: number, share: number][] {
  const all = [...selected];
  return [...new Set(all)].map((neuron) => [
    neuron,
    all.filter((pick) => pick === neuron).length / all.length,
  ]);
}

/** The largest difference of two weights, NaN when there is one. */
export function distance(one: Network, other: Network): number {
  if (one.n !== other.n) throw new Error(`${one.n} neurons against ${other.n}`);
  const layers = [
    [one.a, other.a],
    [one.b, other.b],
  ] as const;
  return layers.reduce(
    (most, [w, v]) => w.reduce((far, x, i) => Math.max(far, Math.abs(x - (v[i] as number))), most),
    0,
  );
}
