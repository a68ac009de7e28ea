import type { Plugin } from 'vite';

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

/**
 * Writes the copyright notices and terms of all packages whose code is in a bundle into
 * THIRD-PARTY-NOTICES.txt beside it. The build fails where a package comes without a licence text.
 */
export function thirdPartyNotices(): Plugin {
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
        const packages = JSON.parse(String(listed.source)) as readonly BundledPackage[];
        this.emitFile({ type: 'asset', fileName: NOTICES, source: noticesText(packages) });
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
        `${title} is bundled, but its package has no licence text. Find its terms, and have src/build/notices.ts add them.`,
      );
    }
    return `${title}\n${'-'.repeat(title.length)}\n\n${text}\n`;
  });
  return [
    'The scripts here contain code of these packages, under these terms.\n',
    ...chapters,
  ].join('\n');
}
