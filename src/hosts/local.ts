import { EspalierError, throwIfAborted } from '../errors.js';
import type { Device } from '../gpu/device.js';
import type { ExecuteOptions, Host, Job, Jobs } from './host.js';

/** A host in this process or page. It owns the device, which `close()` destroys. */
export function localHost<J extends Jobs>(kind: Host<J>['kind'], jobs: J, device: Device): Host<J> {
  const closing = new AbortController();

  const execute = async (
    name: string,
    input: unknown,
    { onEvent, signal }: ExecuteOptions<unknown> = {},
  ) => {
    const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
    if (!job) {
      throw new EspalierError(
        'bad-config',
        `There is no job "${name}" in this host; it has ${Object.keys(jobs).join(', ') || 'none'}.`,
      );
    }
    const stop = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
    throwIfAborted(stop);

    // Each event waits for the one before. So the order is kept even when a job does not await
    // `emit`.
    let delivered = Promise.resolve();
    const emit = (event: unknown): Promise<void> => {
      delivered = delivered.then(() => onEvent?.(event));
      // A job that has failed may never await this promise. An unhandled rejection would end the
      // process.
      delivered.catch(() => undefined);
      return delivered;
    };
    const output = await device.during(stop, () =>
      (job as Job<unknown, unknown, unknown>)({ device, emit, signal: stop }, input),
    );
    await delivered;
    return output;
  };

  return {
    kind,
    execute: execute as Host<J>['execute'],
    close: async () => {
      closing.abort();
      device.dispose();
    },
  };
}
