import type { ImageSource } from '../../src/index.js';
import { memo } from '../../src/memo.js';

const digests = new WeakMap<ImageSource, Promise<string>>();

/** A digest of all images and labels, so that nothing goes on with other images. */
export function sourceDigest(source: ImageSource): Promise<string> {
  return memo(digests, source, () => computeDigest(source));
}

async function computeDigest({ train, test }: ImageSource): Promise<string> {
  const parts = [train.pixels, train.labels, test.pixels, test.labels] as Uint8Array<ArrayBuffer>[];
  const each = await Promise.all(parts.map((part) => crypto.subtle.digest('SHA-256', part)));
  const whole = await crypto.subtle.digest('SHA-256', await new Blob(each).arrayBuffer());
  return [...new Uint8Array(whole)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
