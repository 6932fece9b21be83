import { addMilliseconds } from "date-fns/addMilliseconds";
import { quoted } from "../src/domain/clean-text.ts";
import { Duration } from "../src/domain/deadline.ts";
import { UserError } from "../src/domain/errors.ts";
import { occurrenceStates } from "../src/domain/occurrence.ts";
import type { Block, Inline, Text, View } from "../src/domain/view.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { line, page, table } from "../src/engine/page.ts";
import type { Known, ScheduleHistory } from "../src/engine/schedules/history.ts";

/** ms that are looked back on unless told. */
const USUAL = 90 * 86_400_000;
/** Rows of one table, and of those that slipped the ones whose items are told. */
const ROWS = 30;
const TOLD = 10;

function stateText(one: Known): Inline {
  const { text, slipped } = occurrenceStates[one.state];
  return slipped ? { bold: `✗ ${text}` } : text;
}

function runText({ run }: Known): string {
  return run === null ? "" : `R${run}`;
}

/** What of it slipped, item by item; why, where it never began. */
async function slippedLine(one: Known, history: ScheduleHistory): Promise<Text> {
  const items = await history.left(one);
  const what = [one.playbook, one.day, runText(one)].filter((part) => part !== "").join(" ");
  const why =
    items.length > 0
      ? items.map(({ text, owner }) => (owner === null ? text : `${text} (${owner})`)).join("; ")
      : (one.trouble ?? one.detail ?? occurrenceStates[one.state].text);
  return [{ bold: what }, `: ${why}`];
}

async function slippedBlocks(all: readonly Known[], history: ScheduleHistory): Promise<Block[]> {
  const slipped = all.filter(({ state }) => occurrenceStates[state].slipped);
  if (slipped.length === 0) return [];
  const items = await Promise.all(slipped.slice(0, TOLD).map((one) => slippedLine(one, history)));
  const more = slipped.length - TOLD;
  return [
    { type: "text", text: { bold: "What slipped" } },
    { type: "list", items },
    ...(more > 0 ? [{ type: "note", text: `and ${more} more` } as const] : []),
  ];
}

async function overview(history: ScheduleHistory): Promise<View> {
  const all = await history.upcoming();
  if (all.length === 0) return line("No playbook starts by itself at a time of day.");
  const rows = all.map(({ playbook: { metadata, schedule }, next, last }): Text[] => [
    metadata.name,
    schedule === undefined ? "" : `${schedule.every.unit} at ${schedule.every.time}`,
    next === null ? "not set" : [{ time: next, as: "date" }, " ", { time: next, as: "clock" }],
    last === null ? "never yet" : [`${last.day} ${runText(last)} `, stateText(last)],
    metadata.owner,
  ]);
  const last = all.flatMap((one) => one.last ?? []);
  return page(
    "Maintenance",
    table(["Playbook", "Every", "Next", "Last", "Owner"], rows),
    ...(await slippedBlocks(last, history)),
    { type: "note", text: "`maintenance history` shows all of them" },
  );
}

async function past(history: ScheduleHistory, from: Date): Promise<View> {
  const all = await history.since(from);
  const since = from.toISOString().slice(0, 10);
  if (all.length === 0) return line(`Nothing has fallen due since ${since}.`);
  const count = all.filter(({ state }) => occurrenceStates[state].slipped).length;
  const rows = all
    .slice(0, ROWS)
    .map((one): Text[] => [
      one.day,
      one.playbook,
      runText(one),
      stateText(one),
      one.finished_at === null
        ? ""
        : [{ time: one.finished_at, as: "date" }, " ", { time: one.finished_at, as: "clock" }],
    ]);
  const more = all.length - ROWS;
  return page(
    `Maintenance since ${since}: ${count} of ${all.length} slipped`,
    table(["Day", "Playbook", "Run", "State", "Finished"], rows),
    more > 0 ? { type: "note", text: `and ${more} before` } : null,
    ...(await slippedBlocks(all, history)),
  );
}

export const maintenance: Command = {
  name: "maintenance",
  usage: "maintenance [history] [--since <duration>]",
  summary: "What starts by itself: when next, how it went, and what slipped",
  examples: ["maintenance", "maintenance history", "maintenance history --since 30d"],
  permission: "crai:inspect",
  positionals: ["what"],
  flags: { since: { type: "string" } },
  async run(args, { now }, { schedules }) {
    const { what, since } = args;
    if (what !== undefined && what !== "history")
      throw new UserError(`${quoted(what)} is nothing that \`maintenance\` shows.`, {
        why: "It shows what comes next, or with `history` what was.",
        next: `Usage: ${maintenance.usage}`,
      });
    if (what === undefined && since === undefined) return { to: "asker", view: await overview(schedules) };
    const back = since === undefined ? USUAL : Duration.safeParse(since).data;
    if (back === undefined)
      throw new UserError(`Since ${quoted(since ?? "")}?`, {
        why: "That is no duration.",
        next: "Write it like 7d or 90d.",
      });
    return { to: "asker", view: await past(schedules, addMilliseconds(now(), -back)) };
  },
};
