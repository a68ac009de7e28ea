import { expect } from 'vitest';
import { type OnnxNetwork, readOnnx } from '../../../src/formats/onnx/read.js';
import { writeOnnx } from '../../../src/formats/onnx/write.js';
import { cutNetwork } from '../../../src/graph/cut.js';
import { findUnits } from '../../../src/graph/units.js';
import type { Network } from '../../../src/graph/weights.js';
import { type ReferenceMaps, referenceAnswers } from '../../../src/reference/network.js';
import { randomImages } from '../../graph/sample.js';
import { runtimeAnswers } from './runtime.js';

/** How far float32 logits of another engine may lie from those in float64. */
const TOLERANCE = 1e-4;

/** A network without every third channel of each unit that has several. */
export function thinned(network: Network): Network {
  const cuts = findUnits(network.graph).units.map((unit) => ({
    unit,
    kept: Array.from({ length: unit.channels }, (_, channel) => channel).filter((c) => c % 3 !== 1),
  }));
  return cutNetwork(network, cuts);
}

/** Holds a network against ONNX Runtime on the file that it should be. */
export async function expectAgreement(
  network: Network,
  bytes: Uint8Array,
  { shares = false, channelsLast = false, images = 2 } = {},
): Promise<void> {
  const pictures = randomImages(network.graph, images);
  const found = await runtimeAnswers(bytes, pictures, { channelsLast });
  const own = referenceAnswers(network, pictures);
  const classes = own.length / images;
  const expected = shares ? softmax(own, classes) : own;
  expect(found).toHaveLength(expected.length);
  found.forEach((value, at) => {
    expect(Math.abs(value - (expected[at] as number)), `answer ${at}`).toBeLessThan(TOLERANCE);
  });
}

/** Holds a network against the shares that another engine gives for images. */
export function expectShares(network: Network, images: ReferenceMaps, found: Float32Array): void {
  const logits = referenceAnswers(network, images);
  const expected = softmax(logits, logits.length / images.images);
  expect(found).toHaveLength(expected.length);
  // Shares that are all alike would say nothing.
  expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.05);
  found.forEach((value, at) => {
    expect(Math.abs(value - (expected[at] as number)), `answer ${at}`).toBeLessThan(TOLERANCE);
  });
}

/**
 * Reads a file, which must come back byte by byte, and holds it against ONNX Runtime before and after
 * a cut of all that can be cut. The smaller file must read as the smaller network.
 */
export async function expectRoundTrip(
  bytes: Uint8Array,
  options: Parameters<typeof expectAgreement>[2] = {},
): Promise<OnnxNetwork & { readonly cut: Network; readonly written: Uint8Array }> {
  const read = readOnnx(bytes, 'net.onnx');
  const { network, onnx } = read;
  expect(writeOnnx(onnx, network, 'data').bytes).toBe(bytes);
  await expectAgreement(network, bytes, options);
  const cut = thinned(network);
  const written = writeOnnx(onnx, cut, 'data').bytes;
  await expectAgreement(cut, written, options);
  const again = readOnnx(written, 'written.onnx').network;
  expect(again.graph.nodes.map(withoutNames)).toEqual(cut.graph.nodes.map(withoutNames));
  const values = ({ weights }: Network) =>
    [...weights.values()].map(({ shape, data }) => [shape, data]);
  expect(values(again)).toEqual(values(cut));
  return { ...read, cut, written };
}

/** A node without the names of its tensors, which change where a shared one is parted. */
function withoutNames(node: Network['graph']['nodes'][number]) {
  return Object.fromEntries(
    Object.entries(node).filter(([key]) => !['weight', 'bias', 'mean', 'variance'].includes(key)),
  );
}

function softmax(logits: Float64Array, classes: number): Float64Array {
  return logits.map((value, at) => {
    const row = logits.subarray(at - (at % classes), at - (at % classes) + classes);
    return Math.exp(value) / row.reduce((sum, other) => sum + Math.exp(other), 0);
  });
}
