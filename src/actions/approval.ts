import { z } from "zod";
import { actorKey } from "../domain/actor.ts";
import { quoted } from "../domain/clean-text.ts";
import { UserError } from "../domain/errors.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { quoteWord } from "../engine/commands/quote-word.ts";
import { page } from "../engine/page.ts";
import { answerEvidence, answerInline } from "./people/answer-text.ts";
import { nothingPlanned } from "./people/nothing-planned.ts";

const Params = z.strictObject({
  question: z.string().min(1).describe("what is agreed to"),
  count: z.int().min(1).max(5).default(1).describe("how many people have to say yes"),
  by: z.string().optional().describe("access role of those who may answer"),
});

type ApprovalState = { question: string; count: number; by: string | null };

const words: Readonly<Record<string, boolean>> = {
  yes: true,
  approve: true,
  approved: true,
  no: false,
  deny: false,
  denied: false,
};

/** Other people than the requester say yes in the middle of a run; one no ends it. */
export const approval = defineAction<z.infer<typeof Params>, ApprovalState, "none">({
  name: "approval",
  scope: "none",
  params: Params,
  permission: "run:answer",
  freeText: ["question"],

  async plan({ question, count, by = null }) {
    const title = `ask ${count === 1 ? "another person" : `${count} other people`}: ${question}`;
    return nothingPlanned(title, { question, count, by });
  },

  async observe({ question, count }, { inHand }) {
    const given = (await inHand?.answers()) ?? [];
    const evidence = given.map((one) => answerEvidence(one, { what: question, ok: one.value === true }));
    const no = given.find(({ value }) => value === false);
    if (no !== undefined)
      return { state: "failed", detail: evidence.find(({ ok }) => ok === false)?.what ?? question, evidence };
    if (given.length >= count) return { state: "done", evidence, values: { answer: true } };
    return { state: "pending", detail: `${given.length} of ${count} said yes: ${question}` };
  },

  people: {
    permission: "plan:approve",
    another: true,
    by: ({ by }) => by,
    ask({ question, count, by }, { run, step, answers, open }) {
      const command = `answer R${run} ${quoteWord(step)}`;
      const isOpen = open && answers.length < count && answers.every(({ value }) => value === true);
      return page(
        question,
        answers.length === 0 ? null : { type: "list", items: answers.map(answerInline) },
        isOpen
          ? {
              type: "buttons",
              buttons: [
                { label: "Approve", command: `${command} yes`, style: "primary" },
                { label: "Deny", command: `${command} no`, style: "danger" },
              ],
            }
          : null,
        {
          type: "note",
          text: `R${run} needs the yes of ${count === 1 ? "another person" : `${count} other people`}${by === null ? "" : ` (${by})`}.`,
        },
      );
    },
    read(_, { text, actor }) {
      const value = words[text.trim().toLowerCase()];
      if (value !== undefined) return { item: actorKey(actor), value };
      throw new UserError(`${quoted(text)} is neither yes nor no.`, {
        why: "The run goes on with a yes and ends with a no.",
        next: "Answer `yes` or `no`.",
      });
    },
    itemText: ({ question }) => question,
  },
});
