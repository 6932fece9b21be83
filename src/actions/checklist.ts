import { addMilliseconds } from "date-fns/addMilliseconds";
import { z } from "zod";
import { quoted } from "../domain/clean-text.ts";
import { Duration } from "../domain/deadline.ts";
import { UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { StepAnswer } from "../domain/run.ts";
import type { Evidence } from "../domain/timeline.ts";
import type { Button, Inline } from "../domain/view.ts";
import { type BaseContext, defineAction } from "../engine/playbooks/action.ts";
import { quoteWord } from "../engine/commands/quote-word.ts";
import { page } from "../engine/page.ts";
import type { Json } from "../engine/ports.ts";
import { answerEvidence, answerInline } from "./people/answer-text.ts";
import { nothingPlanned } from "./people/nothing-planned.ts";

/** Lines of what a step found that an item shows. */
const mostFound = 3;

/** A step before this one, as expressions see it. */
const Found = z
  .object({ outcome: z.string(), detail: z.string().nullable(), evidence: z.array(z.string()) })
  .transform(({ outcome, detail, evidence }) => {
    const lines = evidence.slice(0, mostFound).join("; ") || outcome;
    const more = evidence.length > mostFound ? `; and ${evidence.length - mostFound} more` : "";
    return { ok: outcome === "succeeded", text: detail ?? `${lines}${more}` };
  });

const Params = z.strictObject({
  items: z
    .array(
      z.strictObject({
        text: z.string().min(1).describe("what has to be so"),
        owner: z.string().optional().describe("who sees to it, in words"),
        // A playbook's durations are read when it is loaded.
        due: z.union([z.int(), Duration]).optional().describe("when it should be ticked"),
        offer: z.string().optional().describe("a command that does it"),
        check: z
          .strictObject({ action: z.string(), with: z.record(z.string(), z.json()).default({}) })
          .optional()
          .describe("an action that only looks and ticks the item"),
        found: Found.optional().describe("a step that has looked: `${{ steps.<id> }}`"),
        runbook: z.array(z.string()).default([]),
      }),
    )
    .min(1)
    .describe("what people tick"),
  by: z.string().optional().describe("access role of those who may answer"),
});

type Item = {
  text: string;
  owner: string | null;
  dueMs: number | null;
  /** Where it has one: states of runs from before had none. */
  offer?: string;
  check: { action: string; state: Json } | null;
  /** What a step before this one found of it. */
  found?: { ok: boolean; text: string };
};
type ChecklistState = { items: Item[]; by: string | null };

function numberOf(index: number): string {
  return String(index + 1);
}

type Looked = { ok: boolean | null; evidence: Evidence[] } | { waits: string };

/** What a check finds by itself. What it cannot tell is left for people to tick. */
async function look(
  item: Item,
  { probes }: Pick<BaseContext, "probes">,
  since: Date,
): Promise<Looked | null> {
  if (item.found?.ok === true) return { ok: true, evidence: [{ what: item.found.text, ok: true }] };
  if (item.check === null) return null;
  const seen = await probes.look(item.check.action, item.check.state, since);
  switch (seen.state) {
    case "done":
      return { ok: true, evidence: seen.evidence };
    case "failed":
      return { ok: false, evidence: seen.evidence };
    case "pending":
      return { waits: seen.detail };
    case "diverged":
    case "unknown":
      return null;
  }
}

/** Who sees to it, and until when; said to be overdue once it is. */
function wanted({ owner, dueMs }: Item, { since, now }: { since: Date; now: Date }): Inline[] {
  if (dueMs === null) return owner === null ? [] : [` (${owner})`];
  const until = addMilliseconds(since, dueMs);
  const who = owner === null ? "" : `${owner}, `;
  return now >= until
    ? [` (${who}`, { bold: "overdue" }, " since ", { time: until, as: "clock" }, ")"]
    : [` (${who}by `, { time: until, as: "clock" }, ")"];
}

function line(item: Item, answer: StepAnswer | undefined, times: { since: Date; now: Date }): Inline[] {
  if (answer === undefined) {
    const checked = item.check === null ? "" : " · checked by crai";
    const seen = item.found === undefined ? checked : ` · crai: ${item.found.text}`;
    return [`☐ ${item.text}`, ...wanted(item, times), seen];
  }
  return [`${answer.value === true ? "☑" : "☒"} ${item.text} · `, ...answerInline(answer)];
}

/** ms between two looks; a tick of a person is seen at once all the same. Our own record costs little. */
function everyOf(action: string | undefined): number {
  return action === "incident-fact" ? 2000 : 15_000;
}

/** Items whose button fits into one message. */
const BUTTONS = 20;

/** Characters that a button shows. */
const LABEL = 70;

/** People tick off; each tick is kept with who and when. Some items are ticked by a check. */
export const checklist = defineAction<z.infer<typeof Params>, ChecklistState, "none">({
  name: "checklist",
  scope: "none",
  params: Params,
  permission: "run:answer",
  freeText: ["items"],

  async plan({ items, by = null }, { probes }) {
    const planned = await Promise.all(
      items.map(async ({ check }) => (check === undefined ? null : probes.plan(check.action, check.with))),
    );
    const state: ChecklistState = {
      by,
      items: items.map(({ text, owner = null, due = null, check, offer, found }, index) => ({
        text,
        owner,
        dueMs: due,
        ...(offer !== undefined && { offer: offer.trim() }),
        ...(found !== undefined && { found }),
        check: check === undefined ? null : { action: check.action, state: planned[index]!.state },
      })),
    };
    return {
      ...nothingPlanned(`checklist of ${items.length}`, state),
      calls: planned.flatMap((one) => one?.calls ?? []),
      fingerprint: digest(items),
    };
  },

  lookEvery: ({ items }) => Math.min(...items.map(({ check }) => everyOf(check?.action))),

  async observe({ items }, context, since) {
    const answers = new Map((await context.inHand?.answers())?.map((answer) => [answer.item, answer]));
    const evidence: Evidence[] = [];
    const open: string[] = [];
    for (const [index, item] of items.entries()) {
      const answer = answers.get(numberOf(index));
      if (answer !== undefined) {
        evidence.push(answerEvidence(answer, { what: item.text, ok: answer.value === true }));
        continue;
      }
      const looked = await look(item, context, since);
      if (looked === null || "waits" in looked) {
        open.push(item.text);
        continue;
      }
      const found = looked.evidence.map(({ what }) => what).join("; ");
      if (looked.ok === true) await context.inHand?.tick(numberOf(index), found);
      evidence.push({ what: `${item.text}: ${found}`, ok: looked.ok });
    }
    if (open.length > 0) {
      const late = items.find(
        ({ dueMs, text }) =>
          dueMs !== null && open.includes(text) && context.now() > addMilliseconds(since, dueMs),
      );
      const overdue = late === undefined ? "" : `; overdue: ${late.text}`;
      return {
        state: "pending",
        detail: `${items.length - open.length} of ${items.length} ticked${overdue}`,
      };
    }
    const values = { ticked: items.length, failed: evidence.filter(({ ok }) => ok === false).length };
    if (values.failed === 0) return { state: "done", evidence, values };
    const detail = evidence
      .filter(({ ok }) => ok === false)
      .map(({ what }) => what)
      .join("; ");
    return { state: "failed", detail, evidence, values };
  },

  people: {
    permission: "run:answer",
    another: false,
    by: ({ by }) => by,
    due: ({ items }) =>
      items.flatMap(({ text, owner, dueMs: ms }, index) =>
        ms === null ? [] : [{ item: numberOf(index), text, owner, ms }],
      ),
    ask({ items, by }, { run, step, title, answers, open, ...times }) {
      const given = new Map(answers.map((answer) => [answer.item, answer]));
      const left = items.flatMap((_, index) => (given.has(numberOf(index)) ? [] : [numberOf(index)]));
      const buttons: Button[] = left.slice(0, BUTTONS).map((number) => ({
        label: `Tick ${number}`,
        command: `tick R${run} ${quoteWord(step)} ${number}`,
      }));
      const offers: Button[] = left.slice(0, BUTTONS).flatMap((number) => {
        const { offer } = items[Number(number) - 1]!;
        return offer === undefined ? [] : [{ label: `${number}: ${offer}`.slice(0, LABEL), command: offer }];
      });
      return page(
        title,
        {
          type: "list",
          ordered: true,
          items: items.map((item, index) => line(item, given.get(numberOf(index)), times)),
        },
        open && buttons.length > 0 ? { type: "buttons", buttons } : null,
        open && offers.length > 0 ? { type: "buttons", buttons: offers } : null,
        {
          type: "note",
          text: `R${run} · ${items.length - left.length} of ${items.length}${by === null ? "" : ` · ${by}`} · not so: \`tick R${run} ${step} <number> --failed --note "…"\``,
        },
      );
    },
    read({ items }, { item, text }) {
      const index = /^\d{1,3}$/.test(item ?? "") ? Number(item) - 1 : -1;
      if (items[index] !== undefined) return { item: numberOf(index), value: text !== "failed" };
      throw new UserError(`${quoted(item ?? "")} is no item of this checklist.`, {
        why: `It has ${items.length}, numbered from 1.`,
        next: "Name the number of one of them.",
      });
    },
    open({ items }, answers) {
      const given = new Set(answers.map(({ item }) => item));
      return items
        .filter((_, index) => !given.has(numberOf(index)))
        .map(({ text, owner }) => ({ text, owner }));
    },
    itemText: ({ items }, item) => items[Number(item) - 1]?.text ?? null,
  },
});
