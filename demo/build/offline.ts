import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';
import { serveOffline } from './service-worker.js';

/** Its address, beside the page. */
const WORKER = 'service-worker.js';

/** What is kept from the first visit on: the page, its scripts, and the digits that it begins with. */
const KEPT = /\.(html|js|css|svg)$|^data\/(small\/|sets\.json$)/;

/** What is kept once that is there: what the tab Prune begins with. */
const KEPT_LATER = /^data\/prune\//;

/** Writes the service worker, with lists of the build's files and a version of their contents. */
export function offline(): Plugin {
  return {
    name: 'espalier-offline',
    apply: 'build',
    transformIndexHtml: () => [
      { tag: 'link', attrs: { rel: 'serviceworker', href: `./${WORKER}` }, injectTo: 'head' },
    ],
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const files = Object.values(bundle).toSorted((a, b) => (a.fileName < b.fileName ? -1 : 1));
        const version = createHash('sha256');
        for (const file of files) {
          version.update(file.fileName).update(file.type === 'chunk' ? file.code : file.source);
        }
        const names = files.map(({ fileName }) => fileName);
        const given = [
          version.digest('hex').slice(0, 16),
          ...[KEPT, KEPT_LATER].map((kept) =>
            names
              .filter((file) => kept.test(file))
              .map((file) => (file === 'index.html' ? './' : file)),
          ),
        ];
        const source = `(${serveOffline})(self, ${given.map((value) => JSON.stringify(value)).join(', ')});\n`;
        this.emitFile({ type: 'asset', fileName: WORKER, source });
      },
    },
  };
}
