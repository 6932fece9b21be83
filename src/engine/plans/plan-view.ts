import { planWarnings, type PlannedStep } from "../../domain/plan.ts";
import type { Block, Button, Inline, LabeledText, View } from "../../domain/view.ts";
import type { StoredPlan } from "../../store/plans.ts";
import type { Need } from "./need.ts";
import { type GivenYes, yesInlines } from "./yes-text.ts";
import { actorInline } from "../people.ts";
import { withCode } from "../commands/refusal-view.ts";

const settled = {
  started: "Started",
  denied: "Denied.",
  expired: "Expired.",
  voided: "No longer holds.",
} as const;

function isBlocked({ plan }: StoredPlan): boolean {
  return planWarnings(plan).some((warning) => warning.level === "block");
}

/** Whether people are to be asked for it: it waits, can be run, and a person wants it. */
export function isAsked(stored: StoredPlan, need: Need): boolean {
  return (
    stored.status === "waiting" &&
    need.who === "second-person" &&
    stored.plan.actor.kind === "person" &&
    !isBlocked(stored)
  );
}

/** Who says yes; until when others are asked stands with their names. */
function needText(stored: StoredPlan, need: Need): Inline[] {
  if (isBlocked(stored)) return ["It cannot be run as it is, so nobody is asked for a yes."];
  if (stored.plan.actor.kind !== "person")
    return [
      "Proposed by an alert: nothing happens until a person confirms it. It is planned again with their rights when they do.",
    ];
  if (need.who === "requester")
    return [`${need.why} One yes is enough. Valid until `, { time: stored.expiresAt, as: "clock" }, "."];
  const { approvals } = stored.plan;
  const others = approvals === 1 ? "Somebody else approves it." : `${approvals} other people approve it.`;
  return [`${need.why} ${others}`];
}

function buttonsOf(stored: StoredPlan, need: Need, now: Date): Button[] {
  if (stored.status !== "waiting" || isBlocked(stored)) return [];
  const name = `P${stored.number}`;
  const alone = need.who === "requester" || stored.plan.actor.kind !== "person";
  const buttons: Button[] = [
    { label: alone ? "Confirm" : "Approve", command: `approve ${name}`, style: "primary" },
    { label: alone ? "Cancel" : "Deny", command: `deny ${name}` },
  ];
  if (need.breakGlassAt !== null && now >= need.breakGlassAt) {
    buttons.push({
      label: "Break the glass…",
      command: `approve ${name} --break-glass`,
      style: "danger",
      form: {
        title: "Break the glass",
        submit: "Run it",
        fields: [
          {
            name: "reason",
            label: "Why can this not wait for a second person?",
            input: { type: "text", multiline: true },
            required: true,
          },
        ],
      },
    });
  }
  return buttons;
}

/** What is looked at and asked before the first change, and after it. */
function checksAround(steps: readonly PlannedStep[]): { when: string; titles: string[] }[] {
  const first = steps.findIndex((step) => step.mutates);
  const titles = (part: readonly PlannedStep[]): string[] =>
    part.filter((step) => !step.mutates).map((step) => step.title);
  return [
    { when: "First", titles: titles(steps.slice(0, Math.max(first, 0))) },
    { when: "Afterwards", titles: titles(steps.slice(Math.max(first, 0))) },
  ].filter((part) => part.titles.length > 0);
}

/** The plan as everybody sees it before anything is touched: what changes first, then warnings, checks and rights. */
export function planView(stored: StoredPlan, need: Need, yeses: readonly GivenYes[], now: Date): View {
  const { plan } = stored;
  // Once it was answered, what it was about is enough; the thread and the timeline keep the rest.
  const open = stored.status === "waiting";
  const facts: LabeledText[] = plan.steps.flatMap((step) => step.facts).slice(0, open ? undefined : 3);
  const warnings = open ? planWarnings(plan) : [];
  const checks = open ? checksAround(plan.steps) : [];
  const summary = `P${stored.number}: ${plan.title}`;
  const blocks: Block[] = [
    { type: "heading", text: plan.title },
    ...(facts.length > 0 ? [{ type: "facts", facts } as const] : []),
    ...warnings.map(
      (warning) =>
        ({
          type: "text",
          text: [
            { bold: warning.level === "block" ? "Cannot run:" : "Warning:" },
            " ",
            ...asList(withCode(warning.text)),
            ...(warning.next === undefined ? [] : [" ", ...asList(withCode(warning.next))]),
          ],
        }) as const,
    ),
    ...checks.map(
      ({ when, titles }) =>
        ({ type: "text", text: [{ bold: `${when}:` }, ` ${titles.join(" → ")}`] }) as const,
    ),
    ...(plan.reason === null
      ? []
      : [{ type: "text", text: [{ bold: "Reason:" }, ` ${plan.reason}`] } as const]),
    {
      type: "note",
      text: [`P${stored.number} · `, actorInline(plan.actor), " · ", ...footer(stored, need)],
    },
    ...(isAsked(stored, need) ? [askedText(stored, need, yeses)] : []),
    ...(stored.status === "waiting"
      ? []
      : [
          {
            type: "text",
            text: [{ bold: settled[stored.status] }, " ", ...settledText(stored, yeses)],
          } as const,
        ]),
  ];
  const buttons = buttonsOf(stored, need, now);
  return { summary, blocks: buttons.length > 0 ? [...blocks, { type: "buttons", buttons }] : blocks };
}

/** Why it waits no more; of one that runs: as which run, and who said yes. */
function settledText({ status, why }: StoredPlan, yeses: readonly GivenYes[]): Inline[] {
  const run = /^as R\d+/.exec(why ?? "")?.[0];
  return status === "started" && run !== undefined ? [run, ...yesInlines(yeses)] : [why ?? ""];
}

/** Approvers named in a plan. */
export const NAMED = 5;

/** Whom it asked, by name so that Slack tells them, until when, and what is left if nobody answers. */
function askedText(
  { expiresAt, plan }: StoredPlan,
  { approvers, breakGlassAt }: Need,
  yeses: readonly GivenYes[],
): Block {
  const named = approvers
    .slice(0, NAMED)
    .flatMap((person, index): Inline[] => [index === 0 ? " " : ", ", { person, name: person }]);
  const more = approvers.length - NAMED;
  const asked: Inline[] = [
    { bold: plan.approvals === 1 ? "Asked for a yes:" : `Asked for ${plan.approvals} yeses:` },
    ...named,
    ...(more > 0 ? [` and ${more} more`] : []),
    ", until ",
    { time: expiresAt, as: "clock" },
    ".",
    ...yeses.flatMap((yes, index): Inline[] => [
      index === 0 ? " Said yes: " : ", ",
      actorInline(yes.actor),
      " at ",
      { time: yes.at, as: "clock" },
    ]),
    yeses.length === 0 ? "" : ".",
  ];
  const glass: Inline[] =
    breakGlassAt === null
      ? []
      : [
          " Unanswered, somebody on call may break the glass from ",
          { time: breakGlassAt, as: "clock" },
          " on.",
        ];
  const text = approvers.length === 0 ? [{ bold: "Nobody else may approve this." }] : asked;
  return { type: "text", text: [...text, ...glass] };
}

function asList(text: ReturnType<typeof withCode>) {
  return Array.isArray(text) ? text : [text as string];
}

function footer(stored: StoredPlan, need: Need): Inline[] {
  if (stored.status !== "waiting") return ["planned ", { time: stored.createdAt, as: "clock" }];
  return [...needText(stored, need), " Nothing has been touched."];
}

/** What goes into the thread of a plan: the diff, the equivalent kubectl lines and the calls it was checked for. */
export function planDetailView(stored: StoredPlan): View {
  const { plan } = stored;
  const diffs = plan.steps.flatMap((step) => (step.diff === null ? [] : [step.diff]));
  const kubectl = [...new Set(plan.steps.flatMap((step) => step.kubectl))];
  const calls = [
    ...new Map(
      plan.steps
        .flatMap((step) => step.calls)
        .map((call) => [`${call.verb} ${call.resource}/${call.subresource ?? ""}`, call]),
    ).values(),
  ];
  const rights = calls
    .map(
      (call) =>
        `${call.verb} ${call.resource}${call.subresource === undefined ? "" : `/${call.subresource}`}`,
    )
    .join(", ");
  return {
    summary: `P${stored.number}: details`,
    blocks: [
      ...diffs.map((text) => ({ type: "code", text, language: "diff" }) as const),
      { type: "text", text: [{ bold: "The same by hand:" }] },
      { type: "code", text: kubectl.join("\n"), language: "shell" },
      {
        type: "note",
        text: `Rights used: ${rights}. Plan ${stored.hash.slice(0, 12)}, fingerprint ${stored.fingerprint.slice(0, 12)}.`,
      },
    ],
  };
}
