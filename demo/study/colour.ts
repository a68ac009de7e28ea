/** Dark to light, evenly in lightness, so that it reads without colour too. */
const STOPS = [
  [38, 22, 74],
  [52, 75, 128],
  [44, 123, 135],
  [60, 168, 118],
  [150, 205, 88],
  [248, 230, 90],
] as const;

/** The colour of a place from 0 to 1 on the ramp. */
export function colourAt(place: number): string {
  const at = Math.min(1, Math.max(0, place)) * (STOPS.length - 1);
  const below = Math.min(Math.floor(at), STOPS.length - 2);
  const [from, to] = [STOPS[below], STOPS[below + 1]] as [Stop, Stop];
  const mixed = from.map((part, i) => Math.round(part + (at - below) * ((to[i] ?? part) - part)));
  return `rgb(${mixed.join(' ')})`;
}

type Stop = readonly [number, number, number];
