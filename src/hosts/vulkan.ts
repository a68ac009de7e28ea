import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findBundle, unpackVulkan, VULKAN_FILES } from './bundle.js';
import { cachedFolder } from './cache.js';
import { findPackage, type InstalledPackage, importPackage, missingPackage } from './packages.js';

export interface Dawn {
  readonly create: (options: string[]) => GPU;
  /** The classes and constants of WebGPU, such as GPUBufferUsage, which are globals in a page. */
  readonly globals: object;
  /** The path of the manifest of the bundled driver SwiftShader, where there is one. */
  readonly swiftShader: string | undefined;
}

/**
 * Loads Dawn. On Linux x64 with @sparticuz/chromium this loads a copy of the `webgpu` package with
 * a Vulkan loader beside its dawn.node, where Dawn looks first. Two reasons: a bare machine has no
 * loader, and loaders of older distributions do not know VK_ADD_DRIVER_FILES. This loader finds the
 * system's drivers too. Elsewhere the package itself is loaded.
 *
 * @throws no-webgpu when the package is not installed.
 */
export async function loadDawn(): Promise<Dawn> {
  const bundle = await findBundle();
  if (!bundle) {
    const { create, globals } = await importPackage('webgpu', () => import('webgpu'));
    return { create, globals, swiftShader: undefined };
  }
  const dawn = await findPackage('webgpu');
  if (!dawn) throw missingPackage('webgpu');
  const folder = await vulkanFolder(dawn, bundle);
  const entry = pathToFileURL(join(folder, 'index.js')).href;
  const { create, globals } = await importPackage(
    'webgpu',
    () => import(/* @vite-ignore */ entry) as Promise<typeof import('webgpu')>,
  );
  return { create, globals, swiftShader: join(folder, BINARIES, VULKAN_FILES.manifest) };
}

const BINARIES = join('dist', 'linux-x64');

/**
 * The cached copy of the `webgpu` package with a Vulkan loader and SwiftShader. It is copied, not
 * linked: the dynamic linker takes two links of one file for one library, and looks for the loader
 * in the folder of the link that it loaded first.
 */
async function vulkanFolder(dawn: InstalledPackage, bundle: InstalledPackage): Promise<string> {
  return cachedFolder(`dawn-${dawn.version}-swiftshader-${bundle.version}`, async (draft) => {
    for (const part of ['package.json', 'index.js', BINARIES]) {
      await cp(join(dawn.folder, part), join(draft, part), { recursive: true });
    }
    await unpackVulkan(bundle, join(draft, BINARIES));
  });
}
