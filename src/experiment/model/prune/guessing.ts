/** How far above chance still counts as guessing: half as much again. */
const OF_CHANCE = 0.5;

/** Where classes are few that is far, 75 % of two: there it is so much of what chance leaves. */
const OF_REST = 0.05;

/** Whether a network is right no more often than one that guesses among so many classes, or hardly so. */
export function isGuessing(accuracy: number, classes: number): boolean {
  const chance = 1 / classes;
  return accuracy <= chance + Math.min(OF_CHANCE * chance, OF_REST * (1 - chance));
}
