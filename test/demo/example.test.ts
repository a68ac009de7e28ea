import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { EXAMPLE, exampleOf } from '../../demo/state/example.js';
import { foundText } from '../../demo/state/found.js';
import { frontierAt } from '../../demo/state/frontier.js';
import { configFromSettings, defaultsFor } from '../../demo/state/settings.js';
import { readImageSource } from '../../src/data/folder.js';
import { drawExamples, measureSizes, type RunEvent, run } from '../../src/index.js';
import { sharedDevice } from '../gpu/probe.js';

const DIGITS = resolve(import.meta.dirname, '../../dist/demo/data/small');

test('what the page tells before anything has run is what its settings find', async () => {
  const settings = defaultsFor('software');
  expect(exampleOf({ ...settings, seed: 1 })).toBeUndefined();
  const { iterations } = settings;
  const config = {
    ...configFromSettings({ ...settings, pruneEvery: iterations, fineTune: 0 }),
    controls: false,
  };
  const examples = drawExamples(await readImageSource(DIGITS), config.examples, config.seed);
  const device = await sharedDevice();
  const events: RunEvent[] = [];
  for await (const event of run(device, { config, examples })) events.push(event);
  const dense = events.findLast((event) => event.type === 'checkpoint');
  const small = events.findLast((event) => event.type === 'subnetwork');
  if (!dense || !small?.selection) throw new Error('The run has pruned nothing.');
  const { network, figures } = dense;
  const from = { config, examples, network, selection: small.selection };
  const bySize = await measureSizes(device, from);
  const plain = frontierAt({ iteration: iterations, dense: { network, figures }, bySize }, false);
  if (!plain) throw new Error('There are sizes.');
  const found = foundText({ iteration: iterations, plain });
  expect(EXAMPLE.slice(0, found.length)).toBe(found);
  const example = exampleOf(settings);
  expect(example?.plain.smallest?.width).toBe(plain.smallest?.width);
  expect(example?.fineTuned?.points.length).toBeGreaterThan(3);
});
