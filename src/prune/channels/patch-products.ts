import type { Commands } from '../../gpu/commands.js';
import type { Device } from '../../gpu/device.js';
import { Scope } from '../../gpu/scope.js';
import type { FeatureMap } from '../../kernels/feature-map.js';
import { type Window, windowPositions } from '../../kernels/window.js';
import { byChannel, prepareProduct, SINGLE, trace } from './map-products.js';
import { prepareGramPlan } from './patch-gram.js';

export interface PatchProductsRequest extends Window {
  /** What the consumer reads. */
  readonly input: FeatureMap;
  /** E, by which the consumer's sums differ from what they should be; none where they do not. */
  readonly error?: FeatureMap | undefined;
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
    const { input, error } = request;
    const gram = await prepareGramPlan(scope, device, request);
    const errors = error && {
      product: await prepareProduct(scope, device, { ...request, left: input, right: error }),
      square: await prepareProduct(scope, device, { ...SINGLE, left: error, right: error }),
    };
    const products = [...gram.products, ...(errors ? [errors.product, errors.square] : [])];
    const taps = request.kernel[0] * request.kernel[1];
    const channels = input.matrix.columns;
    const extent = windowPositions(request, input);
    let encoded = 0;
    let positions = 0;
    return {
      encode: (commands, images) => {
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
      [Symbol.dispose]: () => scope.dispose(),
    };
  } catch (failure) {
    scope.dispose();
    throw failure;
  }
}
