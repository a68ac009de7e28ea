import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import type { ExtractOptions } from 'tar-fs';
import type { AdapterKind } from './adapter.js';
import { cachedFolder } from './cache.js';
import { findPackage, type InstalledPackage, missingPackage } from './packages.js';

/** Whether @sparticuz/chromium fits this platform: it has binaries for Linux x64 only. */
export const hasBundle = process.platform === 'linux' && process.arch === 'x64';

/**
 * The package @sparticuz/chromium; undefined when it is not installed or does not fit this
 * platform.
 */
export async function findBundle(): Promise<InstalledPackage | undefined> {
  return hasBundle ? findPackage('@sparticuz/chromium') : undefined;
}

export interface BundledChromium {
  readonly executable: string;
  /** Libraries that this Chromium needs and a bare machine lacks (NSS, NSPR, Expat). */
  readonly libraries: string;
}

/**
 * The Chromium of @sparticuz/chromium. The first call unpacks it into the cache, which takes 210 MB
 * and about two seconds.
 *
 * @throws no-webgpu when the package is not installed.
 */
export async function bundledChromium(): Promise<BundledChromium> {
  const bundle = await findBundle();
  if (!bundle) throw missingPackage('@sparticuz/chromium');
  const fill = async (draft: string) => {
    await Promise.all([
      pipeline(
        ...unbrotli(bundle, 'chromium.br'),
        createWriteStream(join(draft, 'chromium'), { mode: 0o755 }),
      ),
      // Into the folder of the executable: there Chromium looks for Vulkan, SwiftShader and ANGLE.
      untar(bundle, 'swiftshader.tar.br', draft),
      untar(bundle, 'al2023.tar.br', draft),
    ]);
  };
  // Chromium names SwiftShader's manifest to the Vulkan loader in a list.
  const use = { programs: true, listed: true };
  const folder = await cachedFolder(`chromium-${bundle.version}`, fill, use);
  return { executable: join(folder, 'chromium'), libraries: join(folder, 'lib') };
}

/** The files of the bundle that make Vulkan work without a GPU: the loader and SwiftShader. */
export const VULKAN_FILES = {
  loader: 'libvulkan.so.1',
  driver: 'libvk_swiftshader.so',
  manifest: 'vk_swiftshader_icd.json',
};

/**
 * Unpacks what Dawn needs for an adapter of a kind: for hardware a Vulkan loader, with SwiftShader
 * as a driver for it, for software SwiftShader alone, in the loader's place.
 */
export async function unpackVulkan(
  bundle: InstalledPackage,
  folder: string,
  kind: AdapterKind,
): Promise<void> {
  const { loader, driver, manifest } = VULKAN_FILES;
  const wanted = kind === 'hardware' ? [loader, driver, manifest] : [driver];
  await untar(bundle, 'swiftshader.tar.br', folder, (name) => wanted.includes(name));
  if (kind === 'software') await rename(join(folder, driver), join(folder, loader));
}

async function untar(
  bundle: InstalledPackage,
  archive: string,
  folder: string,
  wanted: (name: string) => boolean = () => true,
): Promise<void> {
  const options: ExtractOptions = {
    ignore: (_path, header) => header?.type === 'file' && !wanted(header.name),
    // As root, tar-fs would give the files to the user id in the archive. A user of that id could
    // then replace libraries that root loads.
    map: (header) => ({ ...header, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }),
  };
  const { extract } = await import('tar-fs');
  await pipeline(...unbrotli(bundle, archive), extract(folder, options));
}

function unbrotli(bundle: InstalledPackage, file: string) {
  return [
    createReadStream(join(bundle.folder, 'bin', file), { highWaterMark: 2 ** 20 }),
    createBrotliDecompress({ chunkSize: 2 ** 20 }),
  ] as const;
}
