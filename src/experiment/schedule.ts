/**
 * The iterations after which a run stops to look: 0, every `every`th, and the last. `every` = 0
 * means only the first weights and the last.
 */
export function checkpointIterations(iterations: number, every: number): readonly number[] {
  const checkpoints = new Set([0]);
  if (every > 0) {
    for (let iteration = every; iteration < iterations; iteration += every) {
      checkpoints.add(iteration);
    }
  }
  return [...checkpoints.add(iterations)];
}
