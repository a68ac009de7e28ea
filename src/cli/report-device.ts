import { type AdapterDescription, LIMITS } from '../gpu/adapter.js';
import type { Device } from '../gpu/device.js';
import { matmulVariant } from '../kernels/variant.js';

export interface DeviceReport {
  readonly adapter: AdapterDescription;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** The matmul variant that is chosen for this adapter. */
  readonly variant: string;
}

export function reportDevice(device: Device): DeviceReport {
  return {
    adapter: device.adapter,
    features: [...device.raw.features].sort(),
    limits: Object.fromEntries(LIMITS.map((name) => [name, device.limits[name]])),
    variant: matmulVariant(device),
  };
}
