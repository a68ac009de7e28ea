import type { Matrix } from '../gpu/matrix.js';

/**
 * The channels of images on the GPU (NHWC): row (image · height + y) · width + x of the matrix
 * holds one position's. What pads a row may be any finite number. Packed weights are zero there,
 * and a kernel that writes a map writes finite padding. So no kernel needs to mask it.
 */
export interface FeatureMap {
  readonly matrix: Matrix;
  /** Images that fit. A call may be for fewer, the first ones. */
  readonly images: number;
  readonly height: number;
  readonly width: number;
}

/**
 * A matrix [images · height · width × channels] as a feature map.
 *
 * @throws RangeError when the matrix does not hold whole images.
 */
export function featureMap(
  matrix: Matrix,
  { height, width }: { readonly height: number; readonly width: number },
): FeatureMap {
  const images = matrix.rows / (height * width);
  if (!Number.isInteger(images)) {
    throw new RangeError(
      `${matrix.buffer.label}: ${matrix.rows} rows are no whole images of ${height} × ${width} positions.`,
    );
  }
  return { matrix, images, height, width };
}

/** @throws RangeError when a gate is not one number for each image and channel of the map. */
export function requireGate({ matrix, images }: FeatureMap, gate: FeatureMap): void {
  const { columns } = matrix;
  if (gate.matrix.rows === images && gate.matrix.columns === columns) return;
  throw new RangeError(
    `${gate.matrix.buffer.label} [${gate.matrix.rows} × ${gate.matrix.columns}] is no gate of ${matrix.buffer.label}, which is [${images} × ${columns}].`,
  );
}
