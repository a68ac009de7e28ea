/** A rectangle in pixels, from its left top corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export type Segment = readonly [Point, Point];

/** A point and the size of its text. */
export interface Tag extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  readonly box: Box;
  /** From the point to its text, where they are apart. */
  readonly leader: Segment | undefined;
}

/** What no label may lie on. */
export interface Surroundings {
  readonly frame: Box;
  readonly boxes: readonly Box[];
  readonly lines: readonly Segment[];
}

/** Distances from point to text, tried in turn; further away nobody would look. */
const RADII = [7, 12, 18, 26, 36, 48, 62, 78, 96];
/** Text within this distance needs no leader. */
const NEAR = 12;
const DIRECTIONS = 16;
const POINT_RADIUS = 5;

/**
 * A place for each label, as near as the others let it: crowded points choose first.
 *
 * @returns the places in the order of the tags; undefined for one that finds none.
 */
export function placeLabels(
  tags: readonly Tag[],
  { frame, boxes, lines }: Surroundings,
): readonly (Placed | undefined)[] {
  const points = tags.map(({ x, y }) => around({ x, y }, POINT_RADIUS));
  const placed = new Map<Tag, Placed>();
  const free = ({ box, leader }: Placed, own: Tag): boolean => {
    const others = [...placed.values()];
    const leaders = others.flatMap((other) => (other.leader ? [other.leader] : []));
    return (
      inside(box, frame) &&
      ![...points, ...boxes, ...others.map((other) => other.box)].some((one) => meet(box, one)) &&
      ![...lines, ...leaders].some((line) => crosses(line, box)) &&
      !(leader && others.some((other) => crosses(leader, other.box))) &&
      !(leader && points.some((one, at) => tags[at] !== own && crosses(leader, one)))
    );
  };
  for (const tag of byCrowding(tags)) {
    const place = candidates(tag).find((candidate) => free(candidate, tag));
    if (place) placed.set(tag, place);
  }
  return tags.map((tag) => placed.get(tag));
}

function byCrowding(tags: readonly Tag[]): readonly Tag[] {
  const reach = 60;
  const neighbours = (tag: Tag) =>
    tags.filter(({ x, y }) => Math.hypot(x - tag.x, y - tag.y) < reach).length;
  const counts = new Map(tags.map((tag) => [tag, neighbours(tag)]));
  return [...tags].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
}

/** Nearest first, and among those beside the point before above and below it. */
function candidates({ x, y, width, height }: Tag): readonly Placed[] {
  const angles = Array.from({ length: DIRECTIONS }, (_, at) => (2 * Math.PI * at) / DIRECTIONS);
  const ordered = angles.sort((a, b) => Math.abs(Math.sin(a)) - Math.abs(Math.sin(b)));
  return RADII.flatMap((radius) =>
    ordered.map((angle) => {
      const [across, down] = [Math.cos(angle), Math.sin(angle)];
      const box = {
        x: x + across * radius + ((across - 1) / 2) * width,
        y: y + down * radius + ((down - 1) / 2) * height,
        width,
        height,
      };
      const end = {
        x: Math.min(Math.max(x, box.x), box.x + width),
        y: Math.min(Math.max(y, box.y), box.y + height),
      };
      return { box, leader: radius > NEAR ? ([{ x, y }, end] as const) : undefined };
    }),
  );
}

function around({ x, y }: Point, radius: number): Box {
  return { x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius };
}

function inside(box: Box, frame: Box): boolean {
  return (
    box.x >= frame.x &&
    box.y >= frame.y &&
    box.x + box.width <= frame.x + frame.width &&
    box.y + box.height <= frame.y + frame.height
  );
}

function meet(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Whether a part of the segment lies in the box: what is left after cutting it at all four sides. */
function crosses([from, to]: Segment, box: Box): boolean {
  let [first, last] = [0, 1];
  const sides = [
    [to.x - from.x, box.x - from.x, box.x + box.width - from.x],
    [to.y - from.y, box.y - from.y, box.y + box.height - from.y],
  ] as const;
  for (const [step, low, high] of sides) {
    if (step === 0) {
      if (low > 0 || high < 0) return false;
      continue;
    }
    const [enter, leave] = step > 0 ? [low / step, high / step] : [high / step, low / step];
    first = Math.max(first, enter);
    last = Math.min(last, leave);
  }
  return first < last;
}
