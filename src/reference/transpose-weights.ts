export interface WeightsShape {
  readonly taps: number;
  /** Channels and outputs of a group, and the rows that each takes of a tap when packed. */
  readonly channels: number;
  readonly channelRows: number;
  readonly outputs: number;
  readonly outputRows: number;
  readonly groups: number;
}

/**
 * The packed weights of the gradient of the input: [taps · outputRows × groups · channels] from
 * [taps · channelRows × groups · outputs], exactly.
 */
export function transposeWeightsReference(
  weights: ArrayLike<number>,
  { taps, channels, channelRows, outputs, outputRows, groups }: WeightsShape,
): Float64Array {
  const turned = new Float64Array(taps * outputRows * groups * channels);
  for (let tap = 0; tap < taps; tap++) {
    for (let group = 0; group < groups; group++) {
      for (let c = 0; c < channels; c++) {
        for (let o = 0; o < outputs; o++) {
          const from = (tap * channelRows + c) * groups * outputs + group * outputs + o;
          const row = (taps - 1 - tap) * outputRows + o;
          turned[row * groups * channels + group * channels + c] = weights[from] ?? Number.NaN;
        }
      }
    }
  }
  return turned;
}
