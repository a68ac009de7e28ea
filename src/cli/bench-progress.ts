import type { BenchEvent } from '../../bench/bench.js';
import { shapeLabel } from '../../bench/benchmark.js';
import type { BenchEntry } from '../../bench/report.js';
import { barOn } from './progress.js';

export interface BenchProgress {
  show(event: BenchEvent): void;
  stop(): void;
}

const LIMITS = 'Measuring what the adapter can do …';

/** Progress on stderr: what is being measured and how much is left, as a bar or as plain lines. */
export function createBenchProgress(stream: NodeJS.WriteStream, contests: number): BenchProgress {
  if (!stream.isTTY) {
    stream.write(`${LIMITS}\n`);
    return {
      stop: () => undefined,
      show: (event) => {
        const line = contestTitle(event) ?? describe(event);
        if (line) stream.write(`${line}\n`);
      },
    };
  }
  const bar = barOn(stream, '{value}/{total} {bar} {note}');
  let done = 0;
  let note = LIMITS;
  bar.start(contests, done, { note });
  return {
    stop: () => bar.stop(),
    show: (event) => {
      if (event.type === 'contest') {
        done = event.done;
        note = `verifying ${event.work} ${shapeLabel(event.shape)}`;
      } else if (event.type === 'awaited') note = `waiting for ${entryTitle(event.entry)}`;
      else if (event.type === 'verified') note = `timing ${entryTitle(event.entry)}`;
      else {
        const line = describe(event);
        if (!line) return;
        // What must be seen stands above the bar.
        bar.stop();
        stream.write(`${line}\n`);
        bar.start(contests, done, { note });
      }
      bar.update(done, { note });
    },
  };
}

function contestTitle(event: BenchEvent): string | undefined {
  if (event.type !== 'contest') return undefined;
  const { work, shape, done, total } = event;
  return `${done + 1} of ${total}: ${work} ${shapeLabel(shape)}`;
}

function describe(event: BenchEvent): string | undefined {
  switch (event.type) {
    case 'awaited':
      return `${entryTitle(event.entry)}: waiting for its first run …`;
    case 'verified':
      return `${entryTitle(event.entry)}: ${event.what}. Timing …`;
    case 'refused':
      return `${entryTitle(event.result)}: WRONG, not timed: ${event.reason}.`;
    case 'skipped':
      return `${entryTitle(event.entry)}: skipped: ${event.reason}`;
    case 'disturbed':
      return `Right after ${event.work} the adapter did ${Math.round(100 * event.share)} % of its multiply-add limit.`;
    default:
      return undefined;
  }
}

function entryTitle({ work, shape, subject, variant }: BenchEntry): string {
  return `${work} ${shapeLabel(shape)} (${subject === 'espalier' ? variant : `${subject} ${variant}`})`;
}
