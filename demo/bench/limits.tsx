import type { BenchReport } from '../../bench/report.js';
import { threeDigits } from '../../bench/words.js';

/** The adapter's limits, which are measured before the kernels. */
export function LimitTiles({ limits }: { readonly limits: BenchReport['limits'] | undefined }) {
  const tiles = [
    ['Copying memory', limits?.copyGBps, 'GB/s'],
    ['Multiplying and adding', limits?.fmaGflops, 'GFLOP/s'],
    ['An empty dispatch', limits?.dispatchMicros, 'µs'],
    ['An empty submit', limits?.submitMicros, 'µs'],
  ] as const;
  return (
    <section aria-labelledby="limits-title">
      <h2 id="limits-title">What this adapter can do, measured</h2>
      <dl class="tiles">
        {tiles.map(([name, value, unit]) => (
          <div key={name} class="card">
            <dt>{name}</dt>
            <dd>
              <b>{value === undefined ? '?' : threeDigits(value)}</b> {unit}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
