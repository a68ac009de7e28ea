import type { GramRowsVariant } from '../../shaders/gram-rows.wgsl.js';
import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { EspalierError } from '../errors.js';
import type { Device } from '../gpu/device.js';
import type { RowWalkVariant } from './row-walk.js';

/** The subgroup size for which the `subgroup` variants are written: SwiftShader's SIMD width. */
const SUBGROUP = 4;

/**
 * One subgroup: at every barrier SwiftShader has to switch between the subgroups of a workgroup.
 */
const SOFTWARE_THREADS = 4;

/** The variant of a matrix product by the class of the adapter. */
export function matmulVariant(device: Device): MatmulVariant {
  return device.adapter.kind === 'hardware' ? 'tiled' : softwareVariant(device);
}

/** The variant of Gram rows by the class of the adapter. */
export function gramRowsVariant(device: Device): GramRowsVariant {
  return device.adapter.kind === 'hardware' ? 'coalesced' : softwareVariant(device);
}

/** @throws bad-config when the adapter cannot run the variant. */
export function requireVariant(device: Device, variant: string): void {
  if (variant !== 'subgroup' || hasSubgroupsOfFour(device)) return;
  throw new EspalierError(
    'bad-config',
    `The variant "subgroup" needs an adapter whose subgroups always have ${SUBGROUP} lanes; ${device.adapter.name} has not. Leave the variant to the adapter, or use "lanes".`,
  );
}

/**
 * Threads of a workgroup whose kernel has barriers: one subgroup in software, otherwise as given.
 */
export function barrierThreads(device: Device, onHardware: number): number {
  return device.adapter.kind === 'hardware' ? onHardware : SOFTWARE_THREADS;
}

/** Threads of a kernel's only workgroup: on hardware as many as wait for memory together. */
export function largestGroup(device: Device): number {
  const { maxComputeInvocationsPerWorkgroup: most, maxComputeWorkgroupSizeX: across } =
    device.limits;
  return barrierThreads(device, 2 ** Math.floor(Math.log2(Math.min(most, across, 1024))));
}

/** How kernels that take a map's rows one by one deal them out to threads. */
export function rowWalkVariant(device: Device): RowWalkVariant {
  return device.adapter.kind === 'hardware' ? 'interleaved' : 'blocks';
}

function softwareVariant(device: Device): 'subgroup' | 'lanes' {
  return hasSubgroupsOfFour(device) ? 'subgroup' : 'lanes';
}

function hasSubgroupsOfFour(device: Device): boolean {
  const size = device.adapter.subgroupSize;
  return device.has('subgroups') && size?.min === SUBGROUP && size.max === SUBGROUP;
}
