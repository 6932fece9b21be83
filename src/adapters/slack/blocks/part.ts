import type { types } from "@slack/bolt";

export type SlackBlock = types.KnownBlock;

/** One block of a view: how many lines, facts or buttons it has, and what it looks like with only the first `count`. */
export interface Part {
  /** Parts of a lower rank get their room first. */
  rank: 0 | 1;
  items: number;
  render(count: number): SlackBlock[];
}

/** Slack adds a block_id and action_ids where we gave none; they count too. */
const idRoom = 32;

/** Characters of JSON that these blocks take of a message's room. */
function sizeOf(blocks: readonly SlackBlock[]): number {
  return blocks.reduce((sum, block) => sum + JSON.stringify(block).length + idRoom, 0);
}

/** The part with as many of its items as fit into `room` characters of JSON. */
function fit(part: Part, room: number): SlackBlock[] {
  const full = part.render(part.items);
  if (sizeOf(full) <= room) return full;
  let low = 0;
  let high = part.items - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (sizeOf(part.render(middle)) <= room) low = middle;
    else high = middle - 1;
  }
  const most = part.render(low);
  return sizeOf(most) <= room ? most : [];
}

/** Shares the room among parts: who needs less than an equal share gets all it needs, the rest share what remains. */
function shares(needs: readonly number[], room: number): number[] {
  const granted = needs.map(() => 0);
  let open = needs.map((_, index) => index);
  let left = room;
  while (open.length > 0) {
    const share = Math.floor(left / open.length);
    const modest = open.filter((index) => needs[index]! <= share);
    if (modest.length === 0) {
      for (const index of open) granted[index] = share;
      break;
    }
    for (const index of modest) {
      granted[index] = needs[index]!;
      left -= needs[index]!;
    }
    open = open.filter((index) => !modest.includes(index));
  }
  return granted;
}

/** All parts within `room` characters of JSON, in their order; buttons are the last to be cut. */
export function fitAll(parts: readonly Part[], room: number): SlackBlock[] {
  const needs = parts.map((part) => sizeOf(part.render(part.items)));
  const fitted = new Map<Part, SlackBlock[]>();
  let left = room;
  for (const rank of [0, 1] as const) {
    const ranked = parts.filter((part) => part.rank === rank);
    const granted = shares(
      ranked.map((part) => needs[parts.indexOf(part)]!),
      left,
    );
    for (const [index, part] of ranked.entries()) {
      const blocks = fit(part, granted[index]!);
      fitted.set(part, blocks);
      left -= sizeOf(blocks);
    }
  }
  return parts.flatMap((part) => fitted.get(part) ?? []);
}
