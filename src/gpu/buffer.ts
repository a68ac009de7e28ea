import { DISPOSE } from '../disposal.js';
import type { Device, Owned } from './device.js';
import { largestBinding, tooLarge } from './limits.js';

/** Anything that can be uploaded: 4-byte elements only, as all shaders here read. */
export type Words = Float32Array | Uint32Array | Int32Array;

/** A storage buffer on the GPU. */
export interface GpuBuffer extends Owned {
  readonly device: Device;
  readonly raw: GPUBuffer;
  readonly label: string;
  readonly bytes: number;
}

// WebGPU's constants are globals in browsers only; their values are fixed by the specification.
const USAGE = { MAP_READ: 0x1, COPY_SRC: 0x4, COPY_DST: 0x8, STORAGE: 0x80 };
const MAP_MODE_READ = 0x1;

/**
 * Allocates a zeroed storage buffer of `length` 4-byte words.
 *
 * @throws limit-exceeded when it is larger than a binding may be.
 */
export function createBuffer(device: Device, label: string, length: number): GpuBuffer {
  const bytes = Math.max(length, 1) * 4;
  const fits = largestBinding(device);
  if (bytes > fits) throw tooLarge(device, { what: label, unit: 'bytes', given: bytes, fits });
  return allocate(device, label, bytes, USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST);
}

function allocate(device: Device, label: string, bytes: number, usage: number): GpuBuffer {
  device.check();
  const raw = device.scoped(`Allocating ${label} (${bytes} bytes)`, () =>
    device.raw.createBuffer({ label, size: bytes, usage }),
  );
  device.account(bytes);
  let alive = true;
  const dispose = () => {
    if (!alive) return;
    alive = false;
    device.account(-bytes);
    raw.destroy();
  };
  return { device, raw, label, bytes, dispose, [DISPOSE]: dispose };
}

/** Copies words from the CPU into the buffer, `offset` words from its start. */
export function upload(buffer: GpuBuffer, data: Words, offset = 0): void {
  if (offset * 4 + data.byteLength > buffer.bytes) {
    throw new RangeError(
      `${buffer.label}: ${data.byteLength} bytes at ${offset * 4} exceed its ${buffer.bytes}.`,
    );
  }
  const { queue } = buffer.device.raw;
  queue.writeBuffer(
    buffer.raw,
    offset * 4,
    data.buffer as ArrayBuffer,
    data.byteOffset,
    data.byteLength,
  );
}

/** Creates a buffer that holds `data`. */
export function bufferFrom(device: Device, label: string, data: Words): GpuBuffer {
  const buffer = createBuffer(device, label, data.length);
  fillOrFree([buffer], () => upload(buffer, data));
  return buffer;
}

/** Frees the buffers again when what is to fill them throws: nobody owns them yet. */
export function fillOrFree(buffers: readonly GpuBuffer[], fill: () => void): void {
  try {
    fill();
  } catch (error) {
    for (const buffer of buffers) buffer.dispose();
    throw error;
  }
}

/** Waits for all work submitted before and copies words to the CPU: all, or `length` from `first` on. */
export async function readFloats(
  buffer: GpuBuffer,
  first = 0,
  length = buffer.bytes / 4 - first,
): Promise<Float32Array> {
  return new Float32Array(await readBytes(buffer, first, length));
}

/** As `readFloats`, for unsigned integers. */
export async function readUints(
  buffer: GpuBuffer,
  first = 0,
  length = buffer.bytes / 4 - first,
): Promise<Uint32Array> {
  return new Uint32Array(await readBytes(buffer, first, length));
}

async function readBytes(buffer: GpuBuffer, first: number, length: number): Promise<ArrayBuffer> {
  const { device } = buffer;
  const bytes = length * 4;
  const label = `${buffer.label} read-back`;
  using staging = allocate(device, label, bytes, USAGE.MAP_READ | USAGE.COPY_DST);
  device.scoped(`Reading ${buffer.label}`, () => {
    const encoder = device.raw.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer.raw, first * 4, staging.raw, 0, bytes);
    device.raw.queue.submit([encoder.finish()]);
  });
  await device.wait(staging.raw.mapAsync(MAP_MODE_READ));
  const copy = staging.raw.getMappedRange().slice(0);
  staging.raw.unmap();
  return copy;
}
