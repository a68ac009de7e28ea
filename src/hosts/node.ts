import { EspalierError } from '../errors.js';
import { isSoftware } from '../gpu/adapter.js';
import { type Device, type OpenOptions, openDevice } from '../gpu/device.js';
import { type AdapterKind, CLEARED_BY_DRIVER, requestOptions, selectAdapter } from './adapter.js';
import { hasBundle } from './bundle.js';
import type { AdapterPreference, Host, Jobs } from './host.js';
import { localHost } from './local.js';
import { createPace } from './pace.js';
import { missingPackage } from './packages.js';
import { keepTuning, readTuning, type TuningMode } from './tuning.js';
import { type Dawn, loadDawn } from './vulkan.js';

/** The longest sleep between two polls. Longer sleeps made nothing faster. */
const PACE_MILLIS = 0.5;

/**
 * Dawn's instances, by the variable that names their drivers. They are kept for good: Dawn's
 * binding polls through the instance, and crashes if it is garbage-collected before an adapter or a
 * device. They do not keep the process from ending.
 */
const instances = new Map<string, GPU>();

/**
 * An adapter of Dawn in this process. `auto` gives hardware where there is some, otherwise
 * SwiftShader from @sparticuz/chromium.
 *
 * @throws no-webgpu when a needed package is not installed; no-adapter when there is no adapter of
 *   that kind.
 */
export async function openNodeAdapter(preference: AdapterPreference = 'auto'): Promise<GPUAdapter> {
  const dawn = await loadDawn();
  const adapter = await selectAdapter(preference, (kind) => requestFrom(dawn, kind));
  if (adapter) return adapter;
  if (preference === 'hardware') {
    const linux = process.platform === 'linux';
    throw new EspalierError('no-adapter', {
      kind: 'message',
      message: linux
        ? "Dawn found no GPU: no Vulkan driver gave a hardware adapter. Install the GPU's Vulkan driver, or name its manifest in VK_DRIVER_FILES."
        : 'Dawn found no GPU. Update the graphics driver.',
      instead: { ...(!linux && { host: 'chrome' }), adapter: 'software' },
    });
  }
  if (hasBundle && !dawn.swiftShader) throw missingPackage('@sparticuz/chromium');
  throw new EspalierError('no-adapter', {
    kind: 'message',
    message: 'Dawn found no adapter, and its software adapter comes for Linux x64 only.',
    instead: { host: 'chrome' },
  });
}

/**
 * A device of Dawn in this process, on an adapter of `openNodeAdapter`. With a software adapter,
 * waits sleep between polls (see `createPace`), so that polling takes no core from the work.
 *
 * @throws as `openNodeAdapter` and `openDevice` do.
 */
export async function openNodeDevice(
  preference: AdapterPreference = 'auto',
  options: OpenOptions = {},
): Promise<Device> {
  const adapter = await openNodeAdapter(preference);
  const paced = isSoftware(adapter.info) && { pace: createPace(PACE_MILLIS) };
  return openDevice(adapter, { ...paced, ...options });
}

/** A host that runs jobs in this process. */
export async function openNodeHost<J extends Jobs>(
  jobs: J,
  options: { readonly adapter?: AdapterPreference; readonly tuning?: TuningMode } = {},
): Promise<Host<J>> {
  const tuning = await readTuning(options.tuning ?? 'kept');
  const device = await openNodeDevice(options.adapter, { tuning });
  const host = localHost('node', jobs, device);
  const close = async () => {
    await host.close();
    await keepTuning(tuning);
  };
  return { ...host, close };
}

function requestFrom(dawn: Dawn, kind: AdapterKind): Promise<GPUAdapter | null> {
  if (!dawn.swiftShader) return instance(dawn, '').requestAdapter(requestOptions(kind));
  // VK_ADD_DRIVER_FILES adds SwiftShader to the system's drivers: Dawn lists hardware first, and
  // the Vulkan loader prints no error on a system without drivers. VK_DRIVER_FILES makes
  // SwiftShader the only driver, so that no other software adapter is taken.
  const variable = kind === 'hardware' ? 'VK_ADD_DRIVER_FILES' : 'VK_DRIVER_FILES';
  return withVariable(variable, dawn.swiftShader, () =>
    instance(dawn, variable).requestAdapter(requestOptions(kind)),
  );
}

function instance(dawn: Dawn, drivers: string): GPU {
  let gpu = instances.get(drivers);
  if (!gpu) {
    // With quantization Dawn rounds timestamps to 65.536 µs, which is longer than most kernels
    // take.
    gpu = dawn.create([`disable-dawn-features=timestamp_quantization,${CLEARED_BY_DRIVER}`]);
    instances.set(drivers, gpu);
  }
  return gpu;
}

// The Vulkan loader reads its variables during the first `requestAdapter` of an instance, before
// that call returns its promise. So the variable is set for that call only, and no other code sees
// it.
function withVariable<T>(name: string, value: string, action: () => T): T {
  const before = process.env[name];
  process.env[name] = before && name === 'VK_ADD_DRIVER_FILES' ? `${before}:${value}` : value;
  try {
    return action();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
