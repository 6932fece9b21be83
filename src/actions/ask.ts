import { z } from "zod";
import { quoted } from "../domain/clean-text.ts";
import { UserError } from "../domain/errors.ts";
import { AnswerType } from "../domain/playbook.ts";
import type { Block, Button } from "../domain/view.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { readValue } from "../engine/playbooks/read-inputs.ts";
import { quoteWord } from "../engine/commands/quote-word.ts";
import { page } from "../engine/page.ts";
import type { JsonObject } from "../engine/ports.ts";
import { answerEvidence, answerInline } from "./people/answer-text.ts";
import { nothingPlanned } from "./people/nothing-planned.ts";

const Params = z.strictObject({
  question: z.string().min(1).describe("what people are asked"),
  options: z
    .array(z.union([z.string().min(1), z.number()]).transform(String))
    .min(1)
    .max(25)
    .optional()
    .describe("what they choose from"),
  answer: AnswerType.optional().describe("the kind of value they write"),
  by: z.string().optional().describe("access role of those who may answer"),
});

type AskState = {
  question: string;
  options: string[] | null;
  answer: JsonObject;
  by: string | null;
};

/** The one item of a step that asks one thing. */
const ITEM = "answer";
/** Options that are shown as buttons; more are a menu. */
const BUTTONS = 5;

function buttonsOf({ options, question }: AskState, run: number, step: string): Button[] {
  const command = `answer R${run} ${quoteWord(step)}`;
  if (options !== null && options.length <= BUTTONS)
    return options.map((option) => ({ label: option, command: `${command} ${quoteWord(option)}` }));
  const input =
    options === null
      ? ({ type: "text" } as const)
      : ({ type: "select", options: options.map((option) => ({ label: option, value: option })) } as const);
  return [
    {
      label: "Answer…",
      command,
      style: "primary",
      form: {
        title: "Answer",
        submit: "Answer",
        fields: [{ name: "value", label: question.slice(0, 200), input, required: true }],
      },
    },
  ];
}

/** A person chooses among options or writes a value; later steps read it as `steps.<id>.answer`. */
export const ask = defineAction<z.infer<typeof Params>, AskState, "none">({
  name: "ask",
  scope: "none",
  params: Params,
  permission: "run:answer",
  freeText: ["question", "options"],

  async plan({ question, options = null, answer = { type: "text" }, by = null }) {
    return nothingPlanned(`ask: ${question}`, {
      question,
      options,
      answer: answer as JsonObject,
      by,
    });
  },

  async observe({ question }, { inHand }) {
    const [given] = (await inHand?.answers()) ?? [];
    if (given === undefined) return { state: "pending", detail: `Waiting for an answer: ${question}` };
    return {
      state: "done",
      evidence: [answerEvidence(given, { what: question, ok: null })],
      values: { answer: given.value },
    };
  },

  people: {
    permission: "run:answer",
    another: false,
    by: ({ by }) => by,
    ask(state, { run, step, answers, open }) {
      const [given] = answers;
      const block: Block =
        given !== undefined
          ? { type: "text", text: answerInline(given) }
          : open
            ? { type: "buttons", buttons: buttonsOf(state, run, step) }
            : { type: "text", text: "Nobody answered." };
      return page(state.question, block, {
        type: "note",
        text: `R${run} asks${state.by === null ? "" : ` ${state.by}`}; it goes on with the answer.`,
      });
    },
    read({ options, answer }, { text }) {
      if (options === null)
        return {
          item: ITEM,
          value: readValue(text, { name: "the answer", bounds: AnswerType.parse(answer), apps: {} }) as
            | string
            | number
            | boolean,
        };
      const chosen = options.find((option) => option.toLowerCase() === text.trim().toLowerCase());
      if (chosen !== undefined) return { item: ITEM, value: chosen };
      throw new UserError(`${quoted(text)} is none of the choices.`, {
        why: `There are: ${options.join(", ")}.`,
        next: "Choose one of them.",
      });
    },
    itemText: ({ question }) => question,
  },
});
