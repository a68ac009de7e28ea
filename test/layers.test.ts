import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** Rooms below an experiment: all that one run is made of. */
const EXPERIMENT = [
  'src/prune',
  'src/train',
  'src/layers',
  'src/models',
  'src/kernels',
  'src/graph',
  'src/gpu',
  'src/data',
  'src/formats',
  'src/theory',
];

/** Rooms below a tab of the page; no tab knows another. */
const TAB = ['demo/view', 'demo/state', 'demo/model', 'src/*'];

/** Rooms below each room, with `src/*` for all of the library: what its files may import besides their own room. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  shaders: [],
  'src/gpu': [],
  'src/data': [],
  'src/graph': [],
  'src/formats': ['src/graph'],
  'src/theory': [],
  'src/reference': ['shaders', 'src/graph'],
  'src/kernels': ['src/gpu', 'shaders'],
  'src/models': ['src/graph', 'src/kernels', 'src/gpu', 'shaders'],
  'src/layers': ['src/kernels', 'src/graph', 'src/gpu', 'shaders'],
  'src/train': ['src/layers', 'src/models', 'src/graph', 'src/kernels', 'src/gpu', 'src/data'],
  'src/prune': ['src/kernels', 'src/graph', 'src/gpu'],
  'src/experiment': EXPERIMENT,
  'src/study': ['src/experiment', ...EXPERIMENT],
  'src/report': ['src/experiment', 'src/study', 'src/theory', 'src/data', 'src/formats'],
  'src/hosts': ['src/gpu'],
  bench: ['src/*', 'shaders'],
  'src/cli': ['src/*', 'bench'],
  'src/build': [],
  'demo/build': [],
  'demo/model': ['src/*'],
  'demo/state': ['demo/model', 'src/*'],
  'demo/view': ['demo/state', 'demo/model', 'src/*'],
  'demo/play': TAB,
  'demo/prune': TAB,
  'demo/compare': TAB,
  'demo/study': TAB,
  'demo/bench': [...TAB, 'bench'],
  demo: ['demo/*'],
};

/** Below every room: errors, memos, disposal, checksums, half floats, random streams, turns, wording and the package's version. */
const COMMON = [
  'src/crc32.ts',
  'src/disposal.ts',
  'src/errors.ts',
  'src/half.ts',
  'src/json.ts',
  'src/memo.ts',
  'src/random.ts',
  'src/text.ts',
  'src/turn.ts',
  'src/wording.ts',
  'package.json',
];

const FILES = ['shaders', 'src', 'bench', 'demo'].flatMap((folder) => filesIn(join(ROOT, folder)));
const IMPORTS = new Map(FILES.map((file) => [file, importedPaths(sourceText(file))]));
/** Without what is imported for its types alone, or only once it is needed. */
const EAGER = new Map(FILES.map((file) => [file, importedPaths(eagerPart(sourceText(file)))]));

describe('layers', () => {
  test.each(FILES.filter((file) => roomOfFile(file)))('%s imports only from below', (file) => {
    const room = roomOfFile(file) as string;
    const upward = (IMPORTS.get(file) ?? []).filter((imported) => {
      const path = importedFile(file, imported);
      if (!imported.startsWith('.') || COMMON.includes(path)) return false;
      const other = roomOfFile(path);
      if (other === room) return false;
      return !(BELOW[room] ?? []).some((allowed) => isWithin(allowed, path));
    });
    expect(upward).toEqual([]);
  });

  test.each(COMMON.filter((file) => file.endsWith('.ts')))('%s imports no room', (file) => {
    const relative = (IMPORTS.get(file) ?? []).filter((name) => name.startsWith('.'));
    expect(
      relative.map((name) => importedFile(file, name)).filter((path) => roomOfFile(path)),
    ).toEqual([]);
  });

  test('no cycle among files', () => {
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        throw new Error(`cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`);
      }
      if (done.has(file)) return;
      for (const imported of IMPORTS.get(file) ?? []) {
        if (imported.startsWith('.')) visit(importedFile(file, imported), [...path, file]);
      }
      done.add(file);
    };
    for (const file of FILES) visit(file, []);
  });

  test('every kernel has its launcher, oracle, cases and bench', () => {
    const kernels = readdirSync(join(ROOT, 'shaders'))
      .filter((name) => name.endsWith('.wgsl.ts'))
      .map((name) => name.replace('.wgsl.ts', ''));
    expect(kernels.length).toBeGreaterThan(10);
    const missing = kernels.flatMap((kernel) =>
      ['src/kernels', 'src/reference', 'test/kernels', 'bench/kernels']
        .map((folder) => `${folder}/${kernel}.ts`)
        .filter((file) => !existsSync(join(ROOT, file))),
    );
    expect(missing).toEqual([]);
  });

  test('nothing is disposed of by a symbol that Safari lacks', () => {
    const own = FILES.filter((file) => file !== 'src/disposal.ts');
    // A type may name it, which leaves nothing behind.
    const named = /\[Symbol\.dispose\](?!\(\): void;)/;
    expect(own.filter((file) => named.test(sourceText(file)))).toEqual([]);
  });

  test('nothing imports the page', () => {
    const others = FILES.filter((file) => !file.startsWith('demo/'));
    expect(others.filter((file) => importsFrom(file, 'demo/'))).toEqual([]);
    expect(FILES.length - others.length).toBeGreaterThan(30);
  });

  test('the page reaches nothing of Node, and no peers where they are not built in', () => {
    const door = 'demo/bench/peers.ts';
    const published = new Map(IMPORTS).set(door, EAGER.get(door) ?? []);
    const { files, packages } = reachedFrom('demo/main.tsx', published);
    expect(files).toContain('demo/study/tab.tsx');
    const known = [...BROWSER_SAFE, ...OF_THE_PAGE];
    expect([...packages].filter((name) => !isOneOf(known, name))).toEqual([]);
  });

  test("the library's main entry reaches nothing of Node", () => {
    const { files, packages } = reachedFrom('src/index.ts');
    expect(files.size).toBeGreaterThan(30);
    expect([...packages].filter((name) => !isOneOf(BROWSER_SAFE, name))).toEqual([]);
  });

  test('the command line loads what draws and what unpacks only where it is needed', () => {
    const late = ['@observablehq/plot', 'linkedom', '@resvg/resvg-js', 'tar-fs'];
    const { packages } = reachedFrom('src/cli/main.ts');
    expect(late.filter((name) => !packages.has(name))).toEqual([]);
    const { packages: atOnce } = reachedFrom('src/cli/main.ts', EAGER);
    expect(late.filter((name) => atOnce.has(name))).toEqual([]);
    expect(atOnce).toContain('commander');
  });

  test("only the benchmark's own page reaches its peers", () => {
    for (const entry of ['src/index.ts', 'src/node.ts', 'src/cli/main.ts', 'src/cli/page.ts']) {
      const { packages } = reachedFrom(entry);
      expect([...packages].filter((name) => isOneOf(PEERS, name))).toEqual([]);
    }
    const { packages } = reachedFrom('src/cli/bench-page.ts');
    expect(PEERS.filter((peer) => !packages.has(peer))).toEqual([]);
  });
});

/** Development dependencies, which an installed package has not. */
const PEERS = ['@jax-js/jax', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu'];

/** Packages without a trace of Node, fit for a page. */
const BROWSER_SAFE = [
  '@bufbuild/protobuf',
  'onnx-buf',
  'pure-rand',
  'zod',
  'wgsl-preprocessor',
  'simple-statistics',
  'fflate',
  'pako',
];

/** Of the page, those built into it. */
const OF_THE_PAGE = ['preact', '@preact/signals', 'uplot', '@observablehq/plot'];

function importsFrom(file: string, folder: string): boolean {
  const imported = (IMPORTS.get(file) ?? []).filter((name) => name.startsWith('.'));
  return imported.some((name) => importedFile(file, name).startsWith(folder));
}

/** Whether a file lies in an allowed room: the command line is no part of the library. */
function isWithin(allowed: string, path: string): boolean {
  if (!allowed.endsWith('/*')) return allowed === roomOfFile(path);
  return path.startsWith(allowed.slice(0, -1)) && roomOfFile(path) !== 'src/cli';
}

function isOneOf(packages: readonly string[], imported: string): boolean {
  return packages.some((name) => imported === name || imported.startsWith(`${name}/`));
}

/** All that an entry imports, directly or not. */
function reachedFrom(entry: string, imports = IMPORTS) {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const imported of imports.get(file) ?? []) {
      if (imported.startsWith('.')) visit(importedFile(file, imported));
      else packages.add(imported);
    }
  };
  visit(entry);
  return { files, packages };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !/\.d\.ts$|config\.ts$/.test(name))
    .map((name) => relative(ROOT, join(folder, name)));
}

function sourceText(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function importedPaths(text: string): readonly string[] {
  return ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
}

function eagerPart(text: string): string {
  return text
    .replaceAll(/^(?:import|export) type (?:\{[^}]*\}|\w+) from [^;]*;/gm, '')
    .replaceAll(/\bimport\(/g, 'later(');
}

/** The file that a relative import names. */
function importedFile(file: string, imported: string): string {
  const path = join(dirname(file), imported).replace(/\.js$/, '.ts');
  return existsSync(join(ROOT, path)) ? path : `${path}x`;
}

/** `src/gpu` for src/gpu/buffer.ts, `demo` for demo/main.tsx; nothing for the entries in src itself. */
function roomOfFile(file: string): string | undefined {
  const [top, second, ...rest] = file.split('/');
  if (top !== 'src' && top !== 'demo') return top;
  if (rest.length > 0) return `${top}/${second}`;
  return top === 'demo' ? top : undefined;
}
