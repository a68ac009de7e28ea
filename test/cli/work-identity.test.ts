import { afterEach, expect, test, vi } from 'vitest';
import { workIdentity } from '../../src/cli/work-identity.js';
import { PREPROCESSINGS, type StreamedPictures } from '../../src/data/pictures.js';
import { READ_AHEAD } from '../../src/data/read-ahead.js';
import { EspalierError } from '../../src/errors.js';
import type { Model } from '../../src/experiment/model/model.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { randomNetwork } from '../graph/sample.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const model: Model = {
  architecture: 'resnet8',
  network: randomNetwork(buildArchitecture('resnet8')),
  preprocessing: PREPROCESSINGS.unit,
  counters: new Map(),
};

/** Pictures of one pixel, each its own number. */
function streamed(count: number, onRead: (shards: number) => void = () => undefined) {
  let shards = 0;
  const read = async (indices: ArrayLike<number>) => {
    onRead(++shards);
    return Uint8Array.from(indices);
  };
  return { height: 1, width: 1, channels: 1, count, read } satisfies StreamedPictures;
}

test('settings and pictures decide it, and nobody listens for Ctrl-C behind it', async () => {
  const listeners = process.listenerCount('SIGINT');
  const one = await workIdentity(model, [1], [streamed(300)]);
  expect(await workIdentity(model, [1], [streamed(300)])).toBe(one);
  expect(await workIdentity(model, [2], [streamed(300)])).not.toBe(one);
  expect(await workIdentity(model, [1], [streamed(299)])).not.toBe(one);
  const broken = streamed(300, () => {
    throw new EspalierError('bad-data', 'no picture');
  });
  await expect(workIdentity(model, [1], [broken])).rejects.toThrow('no picture');
  expect(process.listenerCount('SIGINT')).toBe(listeners);
});

test('Ctrl-C is heard while pictures are read', async () => {
  // The signal itself would end the test's own process.
  const on = vi.spyOn(process, 'on');
  let most = 0;
  const pictures = streamed(100_000, (shards) => {
    most = shards;
    if (shards !== 10) return;
    const [, interrupt] = on.mock.calls.find(([name]) => String(name) === 'SIGINT') ?? [];
    (interrupt as () => void)();
  });
  await expect(workIdentity(model, [], [pictures])).rejects.toMatchObject({ code: 'aborted' });
  expect(most).toBeLessThanOrEqual(10 + READ_AHEAD + 1);
});
