import { throwIfAborted } from '../errors.js';
import type { GpuBuffer } from './buffer.js';
import { type Device, UNIFORM_SLOT, UNIFORM_SLOTS } from './device.js';
import type { BoundKernel } from './kernel.js';

/** Submits that may be under way at once: the GPU stays busy while the next one is encoded. */
const IN_FLIGHT = 2;

/** So many times the work that a submit should have is long enough for the GPU to wait for the next. */
const LONG = 2;

interface Submitted {
  /** When it was done: it may be long done before anybody asks, as after a read-back. */
  readonly done: Promise<number>;
  readonly operations: number;
  readonly submittedAt: number;
}

/**
 * Many dispatches, one pass, one submit. A steady loop encodes its steps here and calls
 * `submitIfFull` after each: that submits once there is as much work as one submit should have, and
 * waits while too many submits are under way, so that neither the queue is flooded nor a slow GPU's
 * watchdog tripped.
 */
export class Commands {
  readonly #device: Device;
  readonly #words = new ArrayBuffer(UNIFORM_SLOT * UNIFORM_SLOTS);
  readonly #floats = new Float32Array(this.#words);
  readonly #uints = new Uint32Array(this.#words);
  readonly #offset = [0];
  readonly #pending: Submitted[] = [];
  readonly #timestamps: GPUComputePassTimestampWrites | undefined;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #slots = 0;
  #operations = 0;
  #lastDone = 0;

  constructor(device: Device, timestamps?: GPUComputePassTimestampWrites) {
    this.#device = device;
    this.#timestamps = timestamps;
  }

  /**
   * Encodes one dispatch.
   *
   * @param workgroups any number: past the adapter's limit a dimension it is folded into two.
   * @param operations the arithmetic it does, by which work per submit is bounded.
   */
  dispatch<Uniform extends string>(
    kernel: BoundKernel<Uniform>,
    uniforms: Readonly<Record<Uniform, number>>,
    workgroups: number,
    operations = 0,
  ): void {
    if (workgroups < 1) return;
    if (this.#slots === UNIFORM_SLOTS) this.submit();
    const start = (this.#slots++ * UNIFORM_SLOT) / 4;
    kernel.uniforms.forEach(([name, type], index) => {
      (type === 'f32' ? this.#floats : this.#uints)[start + index] = uniforms[name];
    });
    const pass = this.#openPass();
    pass.setPipeline(kernel.pipeline);
    this.#offset[0] = start * 4;
    pass.setBindGroup(0, kernel.group, this.#offset);
    const [x, y] = foldGrid(workgroups, this.#device.limits.maxComputeWorkgroupsPerDimension);
    pass.dispatchWorkgroups(x, y);
    this.#operations += operations;
  }

  /** Encodes a copy of `words` words of one buffer to another, each from its word `at` on: the first by default. */
  copy(
    from: GpuBuffer,
    to: GpuBuffer,
    words: number,
    at: { from?: number; to?: number } = {},
  ): void {
    this.#closePass();
    this.#encoder ??= this.#device.raw.createCommandEncoder();
    const [source, target] = [4 * (at.from ?? 0), 4 * (at.to ?? 0)];
    this.#encoder.copyBufferToBuffer(from.raw, source, to.raw, target, 4 * words);
  }

  #openPass(): GPUComputePassEncoder {
    this.#encoder ??= this.#device.raw.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass(
      this.#timestamps ? { timestampWrites: this.#timestamps } : undefined,
    );
    return this.#pass;
  }

  #closePass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }

  /** Sends what has been encoded to the GPU without waiting for it. */
  submit(): void {
    this.#closePass();
    const encoder = this.#encoder;
    if (!encoder) return;
    const device = this.#device;
    const { queue } = device.raw;
    device.check();
    device.scoped('Submitting work', () => {
      // A write is ordered after the submits before it, so earlier work keeps its own uniforms.
      queue.writeBuffer(device.uniformRing, 0, this.#words, 0, this.#slots * UNIFORM_SLOT);
      queue.submit([encoder.finish()]);
    });
    this.#pending.push({
      done: queue.onSubmittedWorkDone().then(() => performance.now()),
      operations: this.#operations,
      submittedAt: performance.now(),
    });
    this.#encoder = undefined;
    this.#slots = 0;
    this.#operations = 0;
  }

  /**
   * To be called between the steps of a loop: once enough work is encoded, submits it and waits
   * until fewer than two submits are under way, or none where one is too long. Otherwise it only looks
   * at the signal.
   *
   * @returns whether it submitted, so that a caller can report progress at that pace.
   * @throws aborted when the signal has fired, and any error that the device has reported.
   */
  async submitIfFull(signal?: AbortSignal): Promise<boolean> {
    // Also when there is nothing to submit: a small run may never fill a submit.
    throwIfAborted(signal);
    const { operationsPerSubmit } = this.#device;
    const full = this.#operations >= operationsPerSubmit;
    if (!full && this.#slots < UNIFORM_SLOTS / 2) return false;
    await this.submitInTurn();
    return true;
  }

  /** Submits what is encoded, and waits until fewer than two submits are under way, or none where one is too long. */
  async submitInTurn(): Promise<void> {
    // Steps longer than a submit should be: whoever interrupts waits for one of them, not for several.
    const isLong = this.#operations >= LONG * this.#device.operationsPerSubmit;
    this.submit();
    while (this.#pending.length >= (isLong ? 1 : IN_FLIGHT)) await this.#settleOldest();
  }

  /** Submits what is left and waits for all of it. */
  async finish(): Promise<void> {
    this.submit();
    while (this.#pending.length > 0) await this.#settleOldest();
  }

  async #settleOldest(): Promise<void> {
    const oldest = this.#pending.shift();
    if (!oldest) return;
    const done = await this.#device.wait(oldest.done);
    const elapsed = done - Math.max(oldest.submittedAt, this.#lastDone);
    this.#lastDone = done;
    if (oldest.operations > 0 && elapsed > 0) {
      const ideal = (oldest.operations / elapsed) * this.#device.submitMillis;
      const before = this.#device.operationsPerSubmit;
      this.#device.operationsPerSubmit = Math.min(Math.max(ideal, before / 2), before * 2);
    }
  }
}

/** Cuts `workgroups` into x · y ≥ workgroups with both within the limit and little excess. */
export function foldGrid(workgroups: number, limit: number): readonly [number, number] {
  if (workgroups <= limit) return [workgroups, 1];
  const y = Math.ceil(workgroups / limit);
  if (y > limit) throw new RangeError(`${workgroups} workgroups exceed a grid of ${limit}².`);
  return [Math.ceil(workgroups / y), y];
}
