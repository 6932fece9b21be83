import { addMilliseconds } from "date-fns/addMilliseconds";
import { z } from "zod";
import { quoted } from "../domain/clean-text.ts";
import { Duration } from "../domain/deadline.ts";
import { isUserError, UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import { type BaseContext, defineAction, type PlannedAction } from "../engine/playbooks/action.ts";
import type { Json } from "../engine/ports.ts";
import {
  type ChecklistState,
  evidenceOf,
  findingsIn,
  type Item,
  lookAt,
  numberOf,
  tallyOf,
  tick,
} from "./checklist/items.ts";
import { checklistView } from "./checklist/view.ts";
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

const ItemParams = z.strictObject({
  text: z.string().min(1).describe("what has to be so"),
  owner: z.string().optional().describe("who sees to it, in words"),
  attest: z.string().optional().describe("name under `preflight.attest`: whose tick counts"),
  // A playbook's durations are read when it is loaded.
  due: z.union([z.int(), Duration]).optional().describe("when it should be ticked"),
  offer: z.string().optional().describe("a command that does it"),
  check: z
    .strictObject({ action: z.string(), with: z.record(z.string(), z.json()).default({}) })
    .optional()
    .describe("an action that only looks and ticks the item"),
  found: Found.optional().describe("a step that has looked: `${{ steps.<id> }}`"),
  runbook: z.array(z.string()).default([]),
});
type ItemParams = z.infer<typeof ItemParams>;

const Params = z.strictObject({
  items: z.array(ItemParams).min(1).describe("what people tick"),
  by: z.string().optional().describe("access role of those who may answer"),
});

/** A check that cannot be planned, such as one of what crai.yaml does not name, leaves its item to people. */
async function planCheck(
  { check }: ItemParams,
  { probes }: BaseContext,
): Promise<PlannedAction<Json> | string | null> {
  if (check === undefined) return null;
  try {
    return await probes.plan(check.action, check.with);
  } catch (error) {
    if (!isUserError(error)) throw error;
    return `${error.message} ${error.why}`;
  }
}

function attestersOf({ attest }: ItemParams, { settings }: BaseContext): Item["attest"] {
  const role = attest === undefined ? undefined : settings.preflight?.attest[attest];
  if (role === undefined) return null;
  const members = settings.access.roles[role]?.members ?? [];
  return { role, people: members.filter((id) => id.startsWith("U")) };
}

/** ms between two looks; a tick of a person is seen at once all the same. Our own record costs little. */
function everyOf(action: string | undefined): number {
  return action === "incident-fact" ? 2000 : 15_000;
}

function refuseAgainst(item: Item, what: string, command: string): UserError {
  return new UserError(`crai finds that it is not so: ${item.text}.`, {
    why: what,
    next: `Correct it, and crai ticks it. To vouch for it all the same, say why: \`${command} --note "…"\`.`,
  });
}

/** People tick off; each tick is kept with who and when. Some items are ticked by a check. */
export const checklist = defineAction<z.infer<typeof Params>, ChecklistState, "none">({
  name: "checklist",
  scope: "none",
  params: Params,
  permission: "run:answer",
  freeText: ["items"],

  async plan({ items, by = null }, context) {
    const planned = await Promise.all(items.map((item) => planCheck(item, context)));
    const state: ChecklistState = {
      by,
      items: items.map((item, index) => {
        const check = planned[index]!;
        const { text, owner = null, due = null, offer, found } = item;
        return {
          text,
          owner,
          dueMs: due,
          ...(offer !== undefined && { offer: offer.trim() }),
          ...(found !== undefined && { found }),
          check:
            typeof check === "string" || check === null
              ? null
              : { action: item.check!.action, state: check.state },
          unchecked: typeof check === "string" ? check : null,
          attest: attestersOf(item, context),
        };
      }),
    };
    return {
      ...nothingPlanned(`checklist of ${items.length}`, state),
      calls: planned.flatMap((one) => (typeof one === "string" || one === null ? [] : one.calls)),
      fingerprint: digest(items),
    };
  },

  lookEvery: ({ items }) => Math.min(...items.map(({ check }) => everyOf(check?.action))),

  async observe({ items }, context, since) {
    const answers = new Map((await context.inHand?.answers())?.map((answer) => [answer.item, answer]));
    const found = await Promise.all(items.map((item) => lookAt(item, context, since)));
    const answerTo = (index: number) => answers.get(numberOf(index));
    const ticked = items.map((item, index) => tick(item, found[index]!, answerTo(index)));
    for (const [index, { is, said, found: seen }] of ticked.entries())
      if (is === "so" && said === null && seen !== null)
        await context.inHand?.tick(numberOf(index), seen.what);
    const values = tallyOf(ticked);
    const open = items.filter((_, index) => ticked[index]!.is === "open");
    if (open.length > 0) {
      const late = open.find(({ dueMs }) => dueMs !== null && context.now() > addMilliseconds(since, dueMs));
      const overdue = late === undefined ? "" : `; overdue: ${late.text}`;
      return { state: "pending", detail: `${values.ticked} of ${items.length} ticked${overdue}`, values };
    }
    const evidence = ticked.map((one, index) => evidenceOf(one, answerTo(index)));
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
    by: ({ by, items }, item) => items[Number(item) - 1]?.attest?.role ?? by,
    ask: checklistView,
    open({ items }, answers) {
      const given = new Set(answers.map(({ item }) => item));
      return items
        .filter((_, index) => !given.has(numberOf(index)))
        .map(({ text, owner }) => ({ text, owner }));
    },
    due: ({ items }) =>
      items.flatMap(({ text, owner, dueMs: ms }, index) =>
        ms === null ? [] : [{ item: numberOf(index), text, owner, ms }],
      ),
    read({ items }, { run, step, item, text, note, found }) {
      const index = /^\d{1,3}$/.test(item ?? "") ? Number(item) - 1 : -1;
      const asked = items[index];
      if (asked === undefined)
        throw new UserError(`${quoted(item ?? "")} is no item of this checklist.`, {
          why: `It has ${items.length}, numbered from 1.`,
          next: "Name the number of one of them.",
        });
      const number = numberOf(index);
      const finding = findingsIn(found).get(number);
      if (finding?.ok === false && text !== "failed" && note === null)
        throw refuseAgainst(asked, finding.what, `tick R${run} ${step} ${number}`);
      return { item: number, value: text !== "failed" };
    },
    itemText: ({ items }, item) => items[Number(item) - 1]?.text ?? null,
  },
});
