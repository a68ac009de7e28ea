import { afterEach, expect, test, vi } from 'vitest';
import { interruptSignal } from '../../src/cli/outcome.js';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The handlers that an interruption has, which no signal reaches here: the test's own process would end. */
function interruptible() {
  const handlers = new Map<unknown, () => void>();
  vi.spyOn(process, 'on').mockImplementation((name, handler) => {
    handlers.set(name, handler as () => void);
    return process;
  });
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  vi.useFakeTimers();
  return { ...interruptSignal(), handlers, said };
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])(
  '%s is heard at once, and says what it waits for',
  (name) => {
    const { signal, release, handlers, said } = interruptible();
    handlers.get(name)?.();
    expect(signal.aborted).toBe(true);
    vi.advanceTimersByTime(900);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(said.join('')).toMatch(/after the step under way.*again ends at once/);
    release();
  },
);

test('what ends in time says nothing', () => {
  const { release, handlers, said } = interruptible();
  handlers.get('SIGINT')?.();
  release();
  vi.advanceTimersByTime(10_000);
  expect(said).toEqual([]);
});
