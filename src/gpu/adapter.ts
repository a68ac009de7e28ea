/** The limits asked of an adapter, by name: WebGPU grants only its small defaults otherwise. */
export const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** Optional features that are used where an adapter has them. */
export const FEATURES = [
  'timestamp-query',
  'subgroups',
] as const satisfies readonly GPUFeatureName[];
export type Feature = (typeof FEATURES)[number];

/** What a report says of the adapter. A software adapter is never called a GPU. */
export interface AdapterDescription {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** The model, and the driver with its version; empty where the host does not tell. */
  readonly device: string;
  readonly driver: string;
  readonly kind: 'hardware' | 'software';
  readonly subgroupSize: { readonly min: number; readonly max: number } | undefined;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|microsoft basic render|\bwarp\b/i;

export function isSoftware(info: GPUAdapterInfo): boolean {
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return info.isFallbackAdapter === true || SOFTWARE.test(text);
}

export function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const { info } = adapter;
  const kind = isSoftware(info) ? 'software' : 'hardware';
  const { device, driver } = deviceAndDriver(info);
  const own = device || driver || [info.vendor, info.architecture].filter(Boolean).join(' ');
  const { subgroupMinSize: min, subgroupMaxSize: max } = info;
  return {
    name: `${own || 'unnamed adapter'}${kind === 'software' ? ' (software)' : ''}`,
    vendor: info.vendor,
    architecture: info.architecture,
    device,
    driver,
    kind,
    subgroupSize: min !== undefined && max !== undefined ? { min, max } : undefined,
  };
}

/**
 * Chrome, with developer features, describes the device and tells the driver in a property of its
 * own; Dawn in Node describes the driver, and has the device's name where Chrome has a number.
 */
function deviceAndDriver(info: GPUAdapterInfo & { readonly driver?: string }) {
  const { driver, device, description } = info;
  if (driver !== undefined) return { device: description, driver };
  return { device: device.replace(/-+$/, ''), driver: description };
}
