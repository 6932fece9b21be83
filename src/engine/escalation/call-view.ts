import { parseISO } from "date-fns/parseISO";
import { actorName } from "../../domain/actor.ts";
import type { Incident } from "../../domain/incident.ts";
import type { Block, Button, Inline, LabeledText, View } from "../../domain/view.ts";
import { quoteWord } from "../commands/quote-word.ts";
import { actorInline } from "../people.ts";
import type { Call } from "./calls.ts";

function separated(parts: readonly Inline[]): Inline[] {
  return parts.flatMap((part, index): Inline[] => (index === 0 ? [part] : [", ", part]));
}

function personOf({ id, name }: Call["people"][number]): Inline {
  return id === null ? name : { person: id, name };
}

/** How they are reached, as far as it is known. */
function ways({ page, paged, people }: Call): string {
  if (!page && people.length === 0) return "not by crai: by hand only";
  const pager = !page
    ? "not paged"
    : paged === null
      ? "PagerDuty is asked to page them"
      : paged.why === null
        ? "PagerDuty pages them"
        : `not paged: PagerDuty says ${paged.why}`;
  return people.some(({ id }) => id !== null) ? `${pager}; invited and mentioned here` : pager;
}

/** Who answered, or what happens when nobody does. */
function answerOf({ answered, unanswered, until, next }: Call, { status }: Incident): Inline[] {
  if (answered !== null) {
    const where = answered.how === "PagerDuty" ? " in PagerDuty" : "";
    return [`✅ ${answered.by} is on it${where}, since `, { time: answered.at, as: "clock" }];
  }
  if (status === "resolved") return ["none before the incident was over"];
  if (unanswered !== null)
    return [
      "⌛ none by ",
      { time: unanswered.at, as: "clock" },
      unanswered.next === null ? "" : `; ${unanswered.next} is next`,
    ];
  const then = next === null ? "none yet; it is said here at " : `none yet; ${next} is next at `;
  return [then, { time: parseISO(until), as: "clock" }];
}

function buttonsOf({ answered, call, next }: Call, { status }: Incident): Block[] {
  if (answered !== null || status === "resolved") return [];
  const on: Button[] =
    next === null ? [] : [{ label: `Call ${next} now`, command: `escalate ${quoteWord(next)}` }];
  return [
    {
      type: "buttons",
      buttons: [{ label: "I'm on it", command: `escalate --taken ${call}`, style: "primary" }, ...on],
    },
  ];
}

/** One call: who is called by whom, how they are reached, and whether they answer. Edited as that changes. */
export function callView(call: Call, incident: Incident): View {
  const { to, actor, people, reason, byHand, doubts } = call;
  const because = reason === null ? "" : `: ${reason}`;
  const facts: LabeledText[] = [
    { label: "Reached", value: ways(call) },
    ...(byHand.length === 0 ? [] : [{ label: "By hand", value: byHand.join(" · ") }]),
    { label: "Answer", value: answerOf(call, incident) },
  ];
  const who: Inline[] = people.length === 0 ? [] : [" (", ...separated(people.map(personOf)), ")"];
  return {
    summary: `${actorName(actor)} calls ${to}${because}`,
    blocks: [
      { type: "text", text: ["📟 ", actorInline(actor), " calls ", { bold: to }, ...who, because] },
      { type: "facts", facts },
      ...(doubts.length === 0 ? [] : [{ type: "note", text: doubts.join("; ") } as const]),
      ...buttonsOf(call, incident),
    ],
  };
}

/** Nobody answered, and nobody else is called by itself: people have to. */
export function unansweredView(call: Call, fallback: string | null): View {
  const { to, actor, byHand } = call;
  const summary = `${to} has not answered.`;
  const hand = byHand.length === 0 ? "" : ` By hand: ${byHand.join(" · ")}.`;
  return {
    summary,
    blocks: [
      {
        type: "text",
        text: ["⌛ ", actorInline(actor), ": ", { bold: to }, ` has not answered.${hand}`],
      },
      ...(fallback === null
        ? []
        : [
            {
              type: "buttons",
              buttons: [{ label: `Call ${fallback}`, command: `escalate ${quoteWord(fallback)}` }],
            } as const,
          ]),
    ],
  };
}
