import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readOnnx } from '../../../src/formats/onnx/read.js';
import { writeOnnx } from '../../../src/formats/onnx/write.js';
import { findUnits } from '../../../src/graph/units.js';
import { isShared, sharedPath } from '../../shared.js';
import { expectAgreement, thinned } from './agreement.js';

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
});
