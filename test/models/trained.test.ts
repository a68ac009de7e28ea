import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodePyTorch } from '../../src/formats/pytorch.js';
import { foldBatchNorms } from '../../src/graph/fold.js';
import { fitArchitecture, recogniseArchitectures } from '../../src/models/architectures.js';
import { type ReferenceMaps, referenceAnswers } from '../../src/reference/network.js';
import { isShared, sharedPath } from '../shared.js';

const NETWORKS = [
  ['resnet20', 'models/resnet20-12fca82f.th'],
  ['resnet56', 'models/resnet56-4bfd9763.th'],
] as const;
const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];
const PLANE = 32 * 32;

/** The first image of CIFAR-10's test set, as the networks were trained to take it. */
function firstImage(): ReferenceMaps {
  const bytes = readFileSync(sharedPath('data/cifar10-small/test_batch.bin'));
  const pixels = bytes.subarray(1, 1 + 3 * PLANE);
  const data = Float64Array.from(pixels, (pixel, i) => {
    const channel = Math.floor(i / PLANE);
    return (pixel / 255 - MEAN[channel]!) / DEVIATION[channel]!;
  });
  return { images: 1, channels: 3, height: 32, width: 32, data };
}

describe.skipIf(!isShared).each(NETWORKS)('the trained %s', (name, file) => {
  const { weights } = isShared
    ? decodePyTorch(readFileSync(sharedPath(file)), file)
    : { weights: new Map() };

  test('is known by its weights', () => {
    expect(recogniseArchitectures(weights).map((own) => own.name)).toEqual([name]);
  });

  test('answers as PyTorch does, with its batch norms folded too', () => {
    const { network } = fitArchitecture(name, weights);
    const expected: Readonly<Record<string, { readonly logits: readonly (readonly number[])[] }>> =
      JSON.parse(readFileSync(sharedPath('models/expected.json'), 'utf8'));
    const logits = expected[name]!.logits[0]!;
    const networks = name === 'resnet20' ? [network, foldBatchNorms(network)] : [network];
    for (const own of networks) {
      const answers = referenceAnswers(own, firstImage());
      answers.forEach((answer, i) => {
        expect(Math.abs(answer - logits[i]!)).toBeLessThan(1e-4);
      });
      expect(answers).toHaveLength(logits.length);
    }
  });
});
