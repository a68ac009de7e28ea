/** An array of this shape with its axes in another order: axis i of the result is axis order[i]. */
export function permuted(
  data: Float32Array,
  shape: readonly number[],
  order: readonly number[],
): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const axes = order.map((axis) => ({ size: shape[axis] ?? 1, stride: strides[axis] ?? 1 }));
  const result = new Float32Array(data.length);
  let to = 0;
  const walk = (depth: number, from: number) => {
    const axis = axes[depth];
    if (!axis) {
      result[to++] = data[from] ?? Number.NaN;
      return;
    }
    for (let index = 0; index < axis.size; index++) walk(depth + 1, from + index * axis.stride);
  };
  walk(0, 0);
  return result;
}
