import { EspalierError } from '../errors.js';
import { isSoftware } from '../gpu/adapter.js';
import { type Device, type OpenOptions, openDevice, paceAdapter } from '../gpu/device.js';
import { type AdapterKind, CLEARED_BY_DRIVER, requestOptions, selectAdapter } from './adapter.js';
import { findBundle, hasBundle } from './bundle.js';
import type { AdapterPreference, Host, Jobs } from './host.js';
import { localHost } from './local.js';
import { createPace } from './pace.js';
import { missingPackage } from './packages.js';
import { keepTuning, readTuning, type TuningMode } from './tuning.js';
import { type Dawn, loadDawn, showsGpu } from './vulkan.js';

/** The longest sleep between two polls. Longer sleeps made nothing faster. */
const PACE_MILLIS = 0.5;

/**
 * Dawn's instances, by what made them. They are kept for good: Dawn's binding polls through the
 * instance, and crashes if it is garbage-collected before an adapter or a device. They do not keep
 * the process from ending.
 */
const instances = new Map<Dawn['create'], GPU>();

/** Variables in which a person names drivers to the Vulkan loader, a GPU's or not. */
const OWN_DRIVERS = ['VK_DRIVER_FILES', 'VK_ADD_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;

/**
 * An adapter of Dawn in this process. `auto` gives hardware where there is some, otherwise
 * SwiftShader from @sparticuz/chromium. On a software adapter waits sleep between polls (see
 * `createPace`), so that polling takes no core from the work.
 *
 * @throws no-webgpu when a needed package is not installed; no-adapter when there is no adapter of
 *   that kind.
 */
export async function openNodeAdapter(preference: AdapterPreference = 'auto'): Promise<GPUAdapter> {
  const adapter = await selectAdapter(await withoutVainSearch(preference), async (kind) =>
    requestFrom(await loadDawn(kind), kind),
  );
  if (adapter) {
    if (isSoftware(adapter.info)) paceAdapter(adapter, createPace(PACE_MILLIS));
    return adapter;
  }
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
  if (hasBundle && !(await findBundle())) throw missingPackage('@sparticuz/chromium');
  throw new EspalierError('no-adapter', {
    kind: 'message',
    message: hasBundle
      ? 'Dawn found no adapter, not even its software adapter.'
      : 'Dawn found no adapter, and its software adapter comes for Linux x64 only.',
    instead: { host: 'chrome' },
  });
}

/** `software` for `auto` where a bundled adapter is at hand, no GPU shows and no driver is named. */
async function withoutVainSearch(preference: AdapterPreference): Promise<AdapterPreference> {
  if (preference !== 'auto' || !(await findBundle())) return preference;
  if (OWN_DRIVERS.some((name) => process.env[name])) return preference;
  return (await showsGpu()) ? preference : 'software';
}

/**
 * A device of Dawn in this process, on an adapter of `openNodeAdapter`.
 *
 * @throws as `openNodeAdapter` and `openDevice` do.
 */
export async function openNodeDevice(
  preference: AdapterPreference = 'auto',
  options: OpenOptions = {},
): Promise<Device> {
  return openDevice(await openNodeAdapter(preference), options);
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

function requestFrom({ create, driver }: Dawn, kind: AdapterKind): Promise<GPUAdapter | null> {
  const request = () => instance(create).requestAdapter(requestOptions(kind));
  return driver ? withDriver(driver, request) : request();
}

function instance(create: Dawn['create']): GPU {
  let gpu = instances.get(create);
  if (!gpu) {
    // With quantization Dawn rounds timestamps to 65.536 µs, which is longer than most kernels
    // take.
    gpu = create([`disable-dawn-features=timestamp_quantization,${CLEARED_BY_DRIVER}`]);
    instances.set(create, gpu);
  }
  return gpu;
}

/**
 * A request for hardware that prints nothing where there is none. Without any driver, and for
 * Mesa's software driver `lvp`, which lacks what Dawn needs, warnings would be printed. So a driver
 * is added, and that one left out.
 *
 * The Vulkan loader reads its variables during the first `requestAdapter` of an instance, before
 * that call returns its promise. So they are set for that call only, and no other code sees them.
 */
function withDriver<T>(driver: string, request: () => T): T {
  const before = { ...process.env };
  const changes = {
    VK_ADD_DRIVER_FILES: [driver, ':'],
    VK_LOADER_DRIVERS_DISABLE: ['*lvp*', ','],
  } as const;
  for (const [name, [value, separator]] of Object.entries(changes)) {
    process.env[name] = [before[name], value].filter(Boolean).join(separator);
  }
  try {
    return request();
  } finally {
    for (const name of Object.keys(changes)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}
