import { DISPOSE } from '../disposal.js';
import { EspalierError } from '../errors.js';
import {
  type AdapterDescription,
  describeAdapter,
  FEATURES,
  type Feature,
  LIMITS,
} from './adapter.js';

/** What holds memory on the GPU until whoever made it frees it. */
export interface Owned {
  /** Frees it. A second call does nothing. */
  dispose(): void;
  /** As `dispose`, for `using`. */
  [Symbol.dispose](): void;
}

/** Wraps a wait for the GPU. */
export type Pace = <T>(wait: Promise<T>) => Promise<T>;

const paces = new WeakMap<GPUAdapter, Pace>();

/**
 * Says how devices of an adapter wait for the GPU, whoever opens them. Node's host so slows Dawn's
 * busy polling.
 */
export function paceAdapter(adapter: GPUAdapter, pace: Pace): void {
  paces.set(adapter, pace);
}

/** How a device waits, submits and tunes. */
export interface OpenOptions {
  /** Wraps every wait for the GPU; by default as the adapter's host has asked (see `paceAdapter`). */
  readonly pace?: Pace;
  /** Milliseconds of GPU work that one submit should hold; short keeps a page smooth. */
  readonly submitMillis?: number;
  /** What was measured on this adapter before; filled as more is. Without it, nothing is measured. */
  readonly tuning?: Tuning | undefined;
}

/**
 * Which configuration of a kernel was measured to be fastest, by adapter, kernel and class of size.
 * A device that has one adds to it whenever it meets a new key (see `autotune`); hosts keep it.
 */
export type Tuning = Map<string, string>;

/** Bytes of one dispatch's uniforms in the ring: WebGPU's smallest guaranteed dynamic offset. */
export const UNIFORM_SLOT = 256;

/** Dispatches whose uniforms fit the ring, so the most that one submit can hold. */
export const UNIFORM_SLOTS = 1024;

/** A device tells why a wait failed within so long, if it does. */
const LATE_CAUSE_MILLIS = 200;

const UNIFORM_USAGE = 0x40 | 0x8; // UNIFORM | COPY_DST: no GPUBufferUsage global outside browsers.

/**
 * One GPUDevice and what every room needs to know of it: its limits and features, the pipelines
 * compiled so far, how many bytes are alive on it, and the first error it reported.
 *
 * WebGPU reports most errors after the call that caused them. The first one is kept and thrown by
 * the next `check()`, which every submit and every wait performs, so that none is lost and the
 * first (the cause) is not buried under its consequences.
 */
export class Device implements Owned {
  readonly raw: GPUDevice;
  readonly adapter: AdapterDescription;
  readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly submitMillis: number;
  readonly tuning: Tuning | undefined;
  /** Uniforms of the dispatches of one submit, by dynamic offset; each submit rewrites it. */
  readonly uniformRing: GPUBuffer;
  /** Operations that fit one submit; `Commands` adapts it to the speed it observes. */
  operationsPerSubmit = 2e8;

  readonly #owned: boolean;
  readonly #pace: Pace;
  /** Ends the waits under way. A race with `lost` itself would hold every wait there ever was. */
  readonly #waiting = new Set<(error: EspalierError) => void>();
  readonly #scopes = new Set<Promise<void>>();
  readonly #jobs = new Set<{ readonly signal: AbortSignal }>();
  #firstError: EspalierError | undefined;
  readonly #onError = (event: GPUUncapturedErrorEvent) => this.fail(typedError(event.error));
  #disposed = false;
  #liveBytes = 0;
  #peakBytes = 0;

  constructor(
    raw: GPUDevice,
    adapter: AdapterDescription,
    owned: boolean,
    options: OpenOptions = {},
  ) {
    this.raw = raw;
    this.adapter = adapter;
    this.submitMillis = options.submitMillis ?? 100;
    this.tuning = options.tuning;
    this.uniformRing = raw.createBuffer({
      label: 'uniforms',
      size: UNIFORM_SLOT * UNIFORM_SLOTS,
      usage: UNIFORM_USAGE,
    });
    this.#owned = owned;
    this.#pace = options.pace ?? ((wait) => wait);
    raw.addEventListener('uncapturederror', this.#onError);
    void raw.lost.then((info) => {
      const error = new EspalierError(
        'device-lost',
        `The GPU device was lost (${info.reason}): ${info.message || 'no reason given'}. Open a new device and go on from the last checkpoint.`,
      );
      this.fail(error);
      for (const end of this.#waiting) end(error);
    });
  }

  /** The limits that it was opened with. */
  get limits(): GPUSupportedLimits {
    return this.raw.limits;
  }

  /** Whether it was opened with that optional feature. */
  has(feature: Feature): boolean {
    return this.raw.features.has(feature);
  }

  /** Bytes of the buffers that are alive now. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** The most bytes that were alive at once since the device was opened or `resetPeak()`. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Begins `peakBytes` anew from what is alive now. */
  resetPeak(): void {
    this.#peakBytes = this.#liveBytes;
  }

  /** Called by buffers as they come and go. */
  account(bytes: number): void {
    this.#liveBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
  }

  /**
   * Whether a job under way is to end: what is only for the jobs to come, such as measuring kernels, is
   * then left out.
   */
  get isEnding(): boolean {
    return [...this.#jobs].some(({ signal }) => signal.aborted);
  }

  /** Does a job that ends when the signal fires. */
  async during<T>(signal: AbortSignal, job: () => Promise<T>): Promise<T> {
    const own = { signal };
    this.#jobs.add(own);
    try {
      return await job();
    } finally {
      this.#jobs.delete(own);
    }
  }

  /** Keeps the first asynchronous error for the next `check()`. */
  fail(error: EspalierError): void {
    this.#firstError ??= error;
  }

  /** @throws the first error that the device reported since the last check. */
  check(): void {
    if (this.#disposed) {
      throw new EspalierError('device-lost', 'The device was disposed; open a new one.');
    }
    const error = this.#firstError;
    if (error) {
      // A lost device stays lost; any other error is raised once.
      if (error.code !== 'device-lost') this.#firstError = undefined;
      throw error;
    }
  }

  /** Runs `action` inside error scopes whose findings are kept for the next `check()`. */
  scoped<T>(what: string, action: () => T): T {
    this.raw.pushErrorScope('out-of-memory');
    this.raw.pushErrorScope('validation');
    try {
      return action();
    } finally {
      for (let scope = 0; scope < 2; scope++) this.#watch(what, this.raw.popErrorScope());
    }
  }

  #watch(what: string, scope: Promise<GPUError | null>): void {
    const seen = scope
      .then((error) => {
        if (error) this.fail(typedError(error, what));
      })
      // A scope popped on a lost device rejects; the loss itself is reported by `lost`.
      .catch(() => undefined)
      .finally(() => this.#scopes.delete(seen));
    this.#scopes.add(seen);
  }

  /** Waits for the GPU, paced by the host, ended by device loss, and checked for errors. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    this.check();
    const result = await this.#orLost(this.#pace(promise)).catch(async (error) => {
      await this.#cause();
      throw error;
    });
    await Promise.all(this.#scopes);
    this.check();
    return result;
  }

  /**
   * Throws why a wait failed, where the device says so: what a lost device, or one out of memory,
   * was about to give is refused before the loss or the error itself is told.
   */
  async #cause(): Promise<void> {
    this.check();
    await this.#orLost(new Promise((resolve) => setTimeout(resolve, LATE_CAUSE_MILLIS)));
    await Promise.all(this.#scopes);
    this.check();
  }

  #orLost<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      promise.finally(() => this.#waiting.delete(reject)).then(resolve, reject);
    });
  }

  /** Waits until all submitted work is done. */
  async idle(): Promise<void> {
    await this.wait(this.raw.queue.onSubmittedWorkDone());
  }

  /** Destroys the GPUDevice if it was opened here; a device that was handed in stays alive. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.pipelines.clear();
    this.uniformRing.destroy();
    this.raw.removeEventListener('uncapturederror', this.#onError);
    if (this.#owned) this.raw.destroy();
  }

  /** As `dispose`, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }
}

function typedError(error: GPUError, during?: string): EspalierError {
  return isOutOfMemory(error)
    ? new EspalierError('out-of-memory', { kind: 'out-of-memory', during, reason: error.message })
    : new EspalierError('shader', during ? `${during}: ${error.message}` : error.message);
}

// GPUOutOfMemoryError is a global in browsers only, so it is recognised by its constructor's name.
function isOutOfMemory(error: GPUError): boolean {
  return error.constructor.name === 'GPUOutOfMemoryError';
}

/**
 * Opens a device on the adapter with all of the adapter's limits that matter here, asked for by
 * name, and the optional features it has.
 *
 * @throws no-adapter when the adapter refuses to give a device.
 */
export async function openDevice(adapter: GPUAdapter, options: OpenOptions = {}): Promise<Device> {
  const description = describeAdapter(adapter);
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const requiredFeatures = FEATURES.filter((name) => adapter.features.has(name));
  try {
    const raw = await adapter.requestDevice({ requiredLimits, requiredFeatures });
    return new Device(raw, description, true, paced(adapter, options));
  } catch (cause) {
    throw new EspalierError(
      'no-adapter',
      `The adapter ${description.name} refused to open a device: ${String(cause)}.`,
      { cause },
    );
  }
}

/** Uses a device that the caller opened and keeps: `dispose()` leaves it alive. */
export function adoptDevice(raw: GPUDevice, adapter: GPUAdapter, options?: OpenOptions): Device {
  return new Device(raw, describeAdapter(adapter), false, paced(adapter, options));
}

function paced(adapter: GPUAdapter, options: OpenOptions = {}): OpenOptions {
  const pace = paces.get(adapter);
  return pace ? { pace, ...options } : options;
}
