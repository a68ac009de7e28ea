import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AdapterKind } from './adapter.js';
import { findBundle, unpackVulkan, VULKAN_FILES } from './bundle.js';
import { cachedFolder } from './cache.js';
import {
  brokenPackage,
  findPackage,
  type InstalledPackage,
  importPackage,
  missingPackage,
} from './packages.js';

export interface Dawn {
  readonly create: (options: string[]) => GPU;
  /** The classes and constants of WebGPU, such as GPUBufferUsage, which are globals in a page. */
  readonly globals: object;
  /** The manifest of a driver that can be added to the system's, where this Dawn uses those. */
  readonly driver?: string;
}

/**
 * Loads Dawn for adapters of a kind. Dawn looks for the Vulkan loader beside its dawn.node. So on
 * Linux x64 with @sparticuz/chromium this loads a copy of the `webgpu` package:
 *
 * - For hardware, one with that bundle's Vulkan loader, which finds the system's drivers. A bare
 *   machine has no loader, and loaders of older distributions do not know VK_ADD_DRIVER_FILES.
 * - For software, one that finds SwiftShader in the loader's place. It needs no environment, which
 *   in a worker thread or under Jest is a copy that the loader does not see.
 *
 * Elsewhere the package itself is loaded, for both kinds.
 *
 * @throws no-webgpu when the package is not installed or does not load.
 */
export async function loadDawn(kind: AdapterKind): Promise<Dawn> {
  const bundle = await findBundle();
  if (!bundle) return importPackage('webgpu', () => import('webgpu'));
  const dawn = await findPackage('webgpu');
  if (!dawn) throw missingPackage('webgpu');
  const folder = await dawnFolder(kind, dawn, bundle);
  const entry = pathToFileURL(join(folder, 'index.js')).href;
  // Not missing but broken, whatever lacks: the copy is known to be whole.
  const { create, globals } = await (
    import(/* @vite-ignore */ entry) as Promise<typeof import('webgpu')>
  ).catch((cause: unknown) => {
    throw brokenPackage('webgpu', cause);
  });
  if (kind === 'software') return { create, globals };
  return { create, globals, driver: join(folder, BINARIES, VULKAN_FILES.manifest) };
}

const BINARIES = join('dist', 'linux-x64');

/**
 * The cached copy of the `webgpu` package for a kind of adapter. It is copied, not linked: the
 * dynamic linker takes two links of one file for one library, and looks for the loader in the
 * folder of the link that it loaded first.
 */
async function dawnFolder(
  kind: AdapterKind,
  dawn: InstalledPackage,
  bundle: InstalledPackage,
): Promise<string> {
  const fill = async (draft: string) => {
    for (const part of ['package.json', 'index.js', BINARIES]) {
      await cp(join(dawn.folder, part), join(draft, part), { recursive: true });
    }
    await unpackVulkan(bundle, join(draft, BINARIES), kind);
  };
  return cachedFolder(`dawn-${dawn.version}-${kind}-${bundle.version}`, fill, { programs: true });
}

/** Where Linux shows a GPU: its own drivers' render nodes, those of NVIDIA and AMD, Windows' below it. */
const GPU_NODES = [
  ['/dev/dri', /^renderD/],
  ['/dev', /^(?:nvidia\d|kfd$|dxg$)/],
] as const;

/**
 * Whether this Linux machine shows a GPU at all. Without one, Mesa's drivers would be asked in vain,
 * and Dawn would print warnings about them.
 */
export async function showsGpu(): Promise<boolean> {
  const found = GPU_NODES.map(async ([folder, pattern]) =>
    (await readdir(folder).catch(() => [])).some((name) => pattern.test(name)),
  );
  return (await Promise.all(found)).includes(true);
}
