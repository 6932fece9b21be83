import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { parseISO } from "date-fns/parseISO";
import { formatDuration } from "../../domain/deadline.ts";
import type { FactOf, TimelineEntry } from "../../domain/timeline.ts";
import type { Block, Inline, View } from "../../domain/view.ts";
import { type CardShown, isRunning, marks, offerBlocks } from "./incident-card.ts";

/** Messages of their own that an incident's later episodes have; the last of them is edited from then on. */
const MESSAGES = 3;

/** What message an episode is told in: a flapping alert must not fill the channel. */
export function episodeMessage(incident: number, episode: number): string {
  return `incident:${incident}:episode:${Math.min(episode, MESSAGES + 1)}`;
}

function howText({ fact, at }: { fact: FactOf<"episode.began">; at: Date }): string {
  const after = fact.since === null ? "" : formatDuration(differenceInMilliseconds(at, parseISO(fact.since)));
  switch (fact.why) {
    case "over":
      return ` fires again, ${after} after it was over.`;
    case "mitigated":
      return ` fires ${after} after this was mitigated, so the incident is open again.`;
    case "another":
      return " fires too.";
  }
}

/** The message that the trouble of an incident began anew, with the fix that waits for it. */
export function episodeView(
  { at, fact }: Pick<TimelineEntry, "at"> & { fact: FactOf<"episode.began"> },
  shown: Pick<CardShown, "incident" | "offer" | "run">,
): View {
  const { incident } = shown;
  const isNewest = incident.episode === fact.episode;
  const mark = isNewest ? marks[incident.status] : "⚪";
  const text: Inline[] = [`${mark} `, { bold: fact.title }, howText({ at, fact })];
  const told: Block[] =
    fact.episode > MESSAGES + 1
      ? [
          {
            type: "note",
            text: `The trouble of this incident began ${fact.episode} times; this message is edited.`,
          },
        ]
      : [];
  const offer = isNewest && !isRunning(shown) ? offerBlocks(shown) : [];
  return {
    summary: text.map((part) => (typeof part === "string" ? part : fact.title)).join(""),
    blocks: [{ type: "text", text }, ...told, ...offer],
  };
}
