import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import type { Scope } from '../gpu/scope.js';
import type { Shapes } from '../graph/shapes.js';
import type { FeatureMap } from '../kernels/feature-map.js';
import type { ParameterMap } from './parameters.js';

/** A step made ready for one device: it encodes its work on the first `images` images of its maps. */
export interface Layer {
  readonly forward: (commands: Commands, images: number) => void;
  /** In training: the gradients of its inputs and parameters, from that of its output. */
  readonly backward?: (commands: Commands, images: number) => void;
}

/** What a layer is made with. */
export interface LayerContext {
  readonly device: Device;
  /** Owns what a layer allocates besides its maps. */
  readonly scope: Scope;
  readonly shapes: Shapes;
  readonly parameters: ParameterMap;
  readonly map: (name: string) => FeatureMap;
  /** In training. */
  readonly gradients?: Gradients;
}

export interface Gradients {
  /** ∂L / ∂ map, as it comes from behind. */
  readonly from: (output: string) => FeatureMap;
  /**
   * Where a step puts its share of an input's gradient, and whether it adds it to the share of a
   * later step. Nothing for the network's own input.
   */
  readonly into: (
    step: string,
    input: string,
  ) => { readonly map: FeatureMap; readonly accumulate: boolean } | undefined;
}
