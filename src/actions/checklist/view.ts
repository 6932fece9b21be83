import { addMilliseconds } from "date-fns/addMilliseconds";
import type { StepAnswer } from "../../domain/run.ts";
import type { Finding } from "../../domain/tally.ts";
import type { Button, Inline, View } from "../../domain/view.ts";
import { quoteWord } from "../../engine/commands/quote-word.ts";
import { page } from "../../engine/page.ts";
import type { Json } from "../../engine/ports.ts";
import { answerInline } from "../people/answer-text.ts";
import { byPerson, type ChecklistState, findingsIn, type Item, numberOf } from "./items.ts";

/** Items whose button fits into one message. */
const BUTTONS = 20;
/** Characters of what crai found; the run's own message has all of it. */
const FOUND = 140;
/** Characters that a button shows. */
const LABEL = 70;

/** ms; what is due later than that has a date. */
const A_DAY = 86_400_000;

type Times = Record<"since" | "now", Date>;

/** Until when it should be ticked; said to be overdue once it is. */
function due({ dueMs }: Item, { since, now }: Times): Inline[] {
  if (dueMs === null) return [];
  const until = addMilliseconds(since, dueMs);
  const time = { time: until, as: dueMs < A_DAY ? "clock" : "date" } as const;
  return now >= until ? [{ bold: "overdue" }, " since ", time] : ["by ", time];
}

/** Who sees to it, and until when. */
function wanted(item: Item, times: Times): Inline[] {
  const { owner, attest } = item;
  const people = (attest?.people ?? []).flatMap((person): Inline[] => [" ", { person, name: person }]);
  const who: Inline[] = [...[attest?.role ?? owner].filter((name) => name !== null), ...people];
  const until = due(item, times);
  if (who.length + until.length === 0) return [];
  return [" (", ...who, ...(who.length > 0 && until.length > 0 ? [", "] : []), ...until, ")"];
}

function mark(finding: Finding | undefined, answer: StepAnswer | undefined): string {
  if (answer !== undefined) return answer.value === true ? "☑" : "☒";
  if (finding === undefined || finding.ok === null) return "☐";
  return finding.ok ? "☑" : "☒";
}

function shortened(text: string): string {
  return text.length <= FOUND ? text : `${text.slice(0, FOUND - 1)}…`;
}

interface Seen {
  finding: Finding | undefined;
  answer: StepAnswer | undefined;
}

function line(item: Item, { finding, answer }: Seen, times: Times): Inline[] {
  const looks = item.check !== null && finding === undefined ? " · crai is looking" : "";
  const how = finding?.ok === null ? "crai: " : answer === undefined ? "" : "crai finds: ";
  return [
    `${mark(finding, answer)} ${item.text}`,
    ...(finding?.ok === true || answer !== undefined ? [] : wanted(item, times)),
    ...(answer === undefined ? [looks] : [" · ", ...answerInline(answer)]),
    ...(finding === undefined ? [] : [` · ${how}${shortened(finding.what)}`]),
  ];
}

interface Asked extends Times {
  run: number;
  step: string;
  title: string;
  answers: readonly StepAnswer[];
  found: Json | null;
  open: boolean;
}

function buttonFor(command: string, number: string, finding: Finding | undefined): Button {
  if (finding?.ok !== false) return { label: `Tick ${number}`, command };
  const label = "Why is it so all the same?";
  return {
    label: `Tick ${number}…`,
    command,
    form: {
      title: "Against what crai finds",
      submit: "Tick",
      fields: [{ name: "note", label, input: { type: "text" }, required: true }],
    },
  };
}

/** What is so, what is not, and what people have to say; a button for each item that is open. */
export function checklistView({ items, by }: ChecklistState, asked: Asked): View {
  const { run, step, title, answers, open } = asked;
  const given = new Map(answers.map((answer) => [answer.item, byPerson(answer)]));
  const findings = findingsIn(asked.found);
  for (const { item, actor, note } of answers)
    if (actor.kind !== "person" && !findings.has(item)) findings.set(item, { ok: true, what: note ?? "so" });
  const numbers = items.map((_, index) => numberOf(index));
  const left = numbers.filter(
    (number) => given.get(number) === undefined && findings.get(number)?.ok !== true,
  );
  const waits = left.filter((number) => findings.get(number)?.ok !== false);
  const buttons = left
    .slice(0, BUTTONS)
    .map((number) => buttonFor(`tick R${run} ${quoteWord(step)} ${number}`, number, findings.get(number)));
  const offers: Button[] = left.slice(0, BUTTONS).flatMap((number) => {
    const { offer } = items[Number(number) - 1]!;
    return offer === undefined ? [] : [{ label: `${number}: ${offer}`.slice(0, LABEL), command: offer }];
  });
  return page(
    title.charAt(0).toUpperCase() + title.slice(1),
    {
      type: "list",
      ordered: true,
      items: items.map((item, index) =>
        line(item, { finding: findings.get(numberOf(index)), answer: given.get(numberOf(index)) }, asked),
      ),
    },
    open && buttons.length > 0 ? { type: "buttons", buttons } : null,
    open && offers.length > 0 ? { type: "buttons", buttons: offers } : null,
    {
      type: "note",
      text: [
        `R${run} · ${items.length - waits.length} of ${items.length}${by === null ? "" : ` · ${by}`}`,
        ...(open && waits[0] !== undefined
          ? [
              " · if something is not so: ",
              { code: `tick R${run} ${quoteWord(step)} ${waits[0]} --failed --note "why"` },
            ]
          : []),
      ],
    },
  );
}
