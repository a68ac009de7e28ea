import { DISPOSE } from '../../disposal.js';
import type { Commands } from '../../gpu/commands.js';
import type { Device } from '../../gpu/device.js';
import { Scope } from '../../gpu/scope.js';
import type { FeatureMap } from '../../kernels/feature-map.js';
import { type Window, windowPositions } from '../../kernels/window.js';
import { byChannel, prepareMoved, prepareProduct, SINGLE, trace } from './map-products.js';
import { prepareGramPlan } from './patch-gram.js';
import { extentOfSample, type PositionSample } from './positions.js';

export interface PatchProductsRequest extends Window {
  /** What the consumer reads. */
  readonly input: FeatureMap;
  /** E, by which the consumer's sums differ from what they should be; none where they do not. */
  readonly error?: FeatureMap | undefined;
  /** The positions that are summed; all by default. */
  readonly sample?: PositionSample | undefined;
}

/** Sums over patches, added up image by image. Its buffers live until `dispose`. */
export interface PatchProducts extends Disposable {
  /** Encodes the sums of the first so many images of the maps. */
  readonly encode: (commands: Commands, images: number) => void;
  /** Waits for the sums that were encoded last, and adds them to the totals. */
  readonly collect: () => Promise<void>;
  /** The totals so far. */
  readonly totals: () => PatchTotals;
  readonly dispose: () => void;
}

/** Rows go channel by channel: tap t of channel c is row c·g + t. */
export interface PatchTotals {
  /** Q = PᵀP [gC × gC]. */
  readonly gram: Float64Array;
  /** PᵀE [gC × O]; zeros without an error. */
  readonly errorProduct?: Float64Array;
  /** ‖E‖². */
  readonly errorEnergy: number;
  /** Positions summed. */
  readonly positions: number;
}

/**
 * Prepares Q = PᵀP and PᵀE of a convolution's input patches P [images · positions × gC], which are
 * never written out: each is a sum of products of two maps, moved against each other, and so what
 * the gradient of a convolution's weights computes. Float32 on the GPU for the images of one call,
 * float64 from call to call.
 */
export async function preparePatchProducts(
  device: Device,
  request: PatchProductsRequest,
): Promise<PatchProducts> {
  const scope = new Scope(device);
  try {
    const { sample } = request;
    const { read, encode: gather } = sample
      ? await prepareSample(scope, device, request, sample)
      : { read: request, encode: () => undefined };
    const { input, error } = read;
    const gram = await prepareGramPlan(scope, device, read);
    const errors = error && {
      product: await prepareProduct(scope, device, { ...read, left: input, right: error }),
      square: await prepareProduct(scope, device, { ...SINGLE, left: error, right: error }),
    };
    const products = [...gram.products, ...(errors ? [errors.product, errors.square] : [])];
    const taps = read.kernel[0] * read.kernel[1];
    const channels = input.matrix.columns;
    const extent = windowPositions(read, input);
    let encoded = 0;
    let positions = 0;
    return {
      encode: (commands, images) => {
        gather(commands, images);
        for (const { encode } of products) encode(commands, images);
        encoded = images;
      },
      collect: async () => {
        for (const { collect } of products) await collect();
        positions += encoded * extent.height * extent.width;
      },
      totals: () => ({
        gram: gram.assemble(),
        ...(errors && { errorProduct: byChannel(errors.product, channels, taps) }),
        errorEnergy: errors ? trace(errors.square) : 0,
        positions,
      }),
      dispose: () => scope.dispose(),
      [DISPOSE]: () => scope.dispose(),
    };
  } catch (failure) {
    scope.dispose();
    throw failure;
  }
}

/** Makes a sample of positions those of another window: over the map moved to the first, padding included. */
async function prepareSample(
  scope: Scope,
  device: Device,
  { input, error, kernel, stride, padding }: PatchProductsRequest,
  sample: PositionSample,
): Promise<{
  readonly read: PatchProductsRequest;
  readonly encode: (commands: Commands, images: number) => void;
}> {
  const { from, step } = sample;
  const positions = windowPositions({ kernel, stride, padding }, input);
  const extent = extentOfSample(positions, sample);
  const apart = [stride[0] * step, stride[1] * step] as const;
  const moved = await prepareMoved(scope, device, {
    input,
    from: [from[0] * stride[0] - padding.top, from[1] * stride[1] - padding.left],
    extent: {
      height: (extent.height - 1) * apart[0] + kernel[0],
      width: (extent.width - 1) * apart[1] + kernel[1],
    },
    stride: [1, 1],
  });
  const missing =
    error &&
    (await prepareMoved(scope, device, { input: error, from, extent, stride: [step, step] }));
  return {
    read: { ...SINGLE, input: moved.map, error: missing?.map, kernel, stride: apart },
    encode: (commands, images) => {
      moved.encode(commands, images);
      missing?.encode(commands, images);
    },
  };
}
