/** A label above the panels, on the lane where it touches no other; 0 is the lowest. */
export interface Placed<Mark> {
  mark: Mark;
  /** px from the left edge of the panels. */
  x: number;
  lane: number;
  /** Which side of its line the text stands on. */
  align: "left" | "right";
}

/** px that a character of a label takes, and that stay free beside it. */
const CHARACTER = 7.2;
const GAP = 10;

/** Places the labels of marks from left to right; what would leave the picture stands to the left of its line. */
export function placeLabels<Mark extends { label: string; at: Date }>(
  marks: readonly Mark[],
  { from, to, width }: { from: Date; to: Date; width: number },
): Placed<Mark>[] {
  const span = Math.max(1, to.getTime() - from.getTime());
  const taken: [number, number][][] = [];
  return marks
    .filter(({ at }) => at >= from && at <= to)
    .toSorted((a, b) => a.at.getTime() - b.at.getTime())
    .map((mark) => {
      const x = ((mark.at.getTime() - from.getTime()) / span) * width;
      const length = mark.label.length * CHARACTER + GAP;
      const align = x + length > width ? "right" : "left";
      const [start, end] = align === "left" ? [x, x + length] : [x - length, x];
      const free = taken.findIndex((lane) => lane.every(([from2, to2]) => end <= from2 || start >= to2));
      const lane = free === -1 ? taken.length : free;
      (taken[lane] ??= []).push([start, end]);
      return { mark, x, lane, align };
    });
}
