import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readOnnx } from '../../../src/formats/onnx/read.js';
import { writeOnnx } from '../../../src/formats/onnx/write.js';
import { findUnits } from '../../../src/graph/units.js';
import { isShared, sharedPath } from '../../shared.js';
import { expectAgreement, thinned } from './agreement.js';
import { timedRuntime } from './runtime.js';

describe.runIf(isShared)('ResNet-20 as PyTorch exported it', () => {
  test.each(['resnet20.onnx', 'resnet20-bn.onnx'])(
    '%s has ONNX Runtime’s logits, as it came and without a third of its channels',
    async (name) => {
      const bytes = readFileSync(sharedPath(`models/${name}`));
      const { network, onnx } = readOnnx(bytes, name);
      // Nine blocks, and the channels that its three stages have in their streams.
      expect(findUnits(network.graph).units).toHaveLength(9 + 3);
      expect(writeOnnx(onnx, network, 'data').bytes).toBe(bytes);
      await expectAgreement(network, bytes, { images: 1 });
      const cut = thinned(network);
      const { bytes: written } = writeOnnx(onnx, cut, 'data');
      await expectAgreement(cut, written, { images: 1 });
      expect(written.length).toBeLessThan(bytes.length / 2);
      expect(readOnnx(written, name).network.graph).toEqual(cut.graph);
    },
  );

  test('without a third of its channels ONNX Runtime answers 32 images faster', async ({
    annotate,
  }) => {
    const name = 'resnet20.onnx';
    const bytes = readFileSync(sharedPath(`models/${name}`));
    const { network, onnx } = readOnnx(bytes, name);
    const dense = await timedRuntime(bytes, network.graph.input, 32);
    const pruned = await timedRuntime(
      writeOnnx(onnx, thinned(network), 'data').bytes,
      network.graph.input,
      32,
    );
    const times = { dense: [] as number[], pruned: [] as number[] };
    // The first answers of each are slower.
    for (let turn = -1; turn < 5; turn++) {
      const both = [await dense(), await pruned()] as const;
      if (turn < 0) continue;
      times.dense.push(both[0]);
      times.pruned.push(both[1]);
    }
    const [slow, fast] = [times.dense, times.pruned].map((own) => own.sort((a, b) => a - b)[2]);
    const ratio = (slow as number) / (fast as number);
    await annotate(`ONNX Runtime, batch 32: ${ratio.toFixed(2)} times as fast`);
    expect(ratio).toBeGreaterThan(1.2);
  });
});
