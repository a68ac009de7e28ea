import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { TERMS_ELSEWHERE } from './terms.js';

/** A package whose code is in a bundle, as Vite lists it. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** Its licence, as an SPDX expression. */
  readonly identifier?: string;
  /** What the package's own licence file says. */
  readonly text?: string;
}

const NOTICES = 'THIRD-PARTY-NOTICES.txt';

/** The file in which Vite lists the bundled packages. The notices take its place. */
const LISTED = 'bundled-packages.json';

/** The packages whose code is in bundles of workers: Vite lists those of the page's own bundle only. */
export interface WorkerPackages {
  /** Notes them, as one of the worker's plugins. */
  readonly plugin: () => Plugin;
  readonly listed: () => readonly BundledPackage[];
}

export function workerPackages(): WorkerPackages {
  const folders = new Set<string>();
  return {
    plugin: () => ({
      name: 'espalier-worker-packages',
      generateBundle(_options, bundle) {
        for (const chunk of Object.values(bundle)) {
          const modules = chunk.type === 'chunk' ? chunk.moduleIds : [];
          for (const id of modules) {
            const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];
            if (folder) folders.add(folder);
          }
        }
      },
    }),
    listed: () => [...folders].map(packageIn),
  };
}

function packageIn(folder: string): BundledPackage {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const { name, version, license: identifier } = manifest;
  const file = readdirSync(folder).find((own) => /^(licen[cs]e|copying)/i.test(own));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : TERMS_ELSEWHERE[name]?.();
  return { name, version, ...(identifier && { identifier }), ...(text && { text }) };
}

/**
 * Writes the copyright notices and terms of all packages whose code is in a bundle, or in those of its
 * workers, into THIRD-PARTY-NOTICES.txt beside it. The build fails where a package comes without a licence text.
 */
export function thirdPartyNotices(workers?: WorkerPackages): Plugin {
  return {
    name: 'espalier-notices',
    apply: 'build',
    config: () => ({ build: { license: { fileName: LISTED } } }),
    generateBundle: {
      // After Vite's own plugin has listed them.
      order: 'post',
      handler(_options, bundle) {
        const listed = bundle[LISTED];
        if (listed?.type !== 'asset') throw new Error(`Vite has not written ${LISTED}.`);
        delete bundle[LISTED];
        const own = JSON.parse(String(listed.source)) as readonly BundledPackage[];
        const all = [...own, ...(workers?.listed() ?? [])];
        const packages = new Map(all.map((each) => [`${each.name} ${each.version}`, each]));
        const source = noticesText([...packages.values()]);
        this.emitFile({ type: 'asset', fileName: NOTICES, source });
      },
    },
  };
}

/** @throws where a package has no licence text. */
export function noticesText(packages: readonly BundledPackage[]): string {
  const chapters = packages.map(({ name, version, identifier = 'no licence named', text }) => {
    const title = `${name} ${version} (${identifier})`;
    if (!text) {
      throw new Error(
        `${title} is bundled, but its package has no licence text. Find its terms, and have src/build/terms.ts add them.`,
      );
    }
    return `${title}\n${'-'.repeat(title.length)}\n\n${text}\n`;
  });
  return [
    'The scripts here contain code of these packages, under these terms.\n',
    ...chapters,
  ].join('\n');
}
