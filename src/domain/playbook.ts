import { z } from "zod";
import { Permission } from "./access.ts";
import { Duration } from "./deadline.ts";
import { IncidentKind } from "./incident.ts";
import { Risk } from "./plan.ts";
import { Schedule } from "./schedule.ts";

const Name = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens");
const Id = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, "lower-case letters, digits, _ and -");
/** Text with `${{ CEL }}` in it. */
const Template = z.string();
const Cel = z.string().min(1);

/** Kinds of value an input may have. Only `text` is free: it reaches titles, questions and notes, nothing else. */
export const inputTypes = {
  app: "an app of crai.yaml",
  environment: "an environment of crai.yaml",
  revision: "the number of a revision",
  int: "a whole number, from `min` to `max`",
  count: "a whole number, or how many more or fewer there should be: 5, +2, -1",
  amount: "an amount of CPU or memory as Kubernetes writes it, or how much more: 500m, 4Gi, +50%",
  number: "a number, such as 0.25",
  enum: "one of `values`",
  "image-tag": "the tag of a container image (OCI)",
  duration: "a duration such as 90s, 10m, 1h30m",
  boolean: "true or false",
  date: "a day, as 2026-11-22",
  time: "a moment, as 2026-11-22T14:30Z or 2026-11-22T14:30+01:00",
  name: "a Kubernetes name (DNS-1123)",
  text: "free text",
} as const;
export type InputType = keyof typeof inputTypes;
const InputType = z.enum(Object.keys(inputTypes) as [InputType, ...InputType[]]);

const bounds = {
  type: InputType.describe("what the value must be"),
  min: z.int().optional().describe("of an `int`: the least"),
  max: z.int().optional().describe("of an `int`: the most"),
  values: z.array(z.string().min(1)).min(1).optional().describe("of an `enum`: what may be chosen"),
};

function boundsProblem({ type, min, max, values }: z.infer<z.ZodObject<typeof bounds>>): string | null {
  if (type === "enum" && values === undefined) return "an enum needs `values`";
  if (type !== "enum" && values !== undefined) return "only an enum has `values`";
  if (type !== "int" && (min ?? max) !== undefined) return "only an int has `min` and `max`";
  if (min !== undefined && max !== undefined && min > max) return "`min` is over `max`";
  return null;
}

function checkBounds(value: z.infer<z.ZodObject<typeof bounds>>, ctx: z.RefinementCtx): void {
  const message = boundsProblem(value);
  if (message !== null) ctx.addIssue({ code: "custom", path: ["type"], message });
}

/** A typed input of a playbook, and of its command. */
export const Input = z
  .strictObject({
    ...bounds,
    list: z.boolean().default(false).describe("several values, written with commas between them"),
    required: z.boolean().default(false).describe("required ones are the command's words, others its flags"),
    default: z.json().optional().describe("the value when none is given"),
    description: z.string().describe("shown in help"),
  })
  .superRefine(checkBounds);
export type Input = z.infer<typeof Input>;

/** What people answer to an `ask` that has no options. */
export const AnswerType = z.strictObject(bounds).superRefine(checkBounds);
export type AnswerType = z.infer<typeof AnswerType>;

const By = z
  .string()
  .optional()
  .describe("access role that whoever answers must hold beside the right to answer");

const Call = z.strictObject({
  action: Name.describe("an action of the catalog"),
  with: z.record(z.string(), z.json()).default({}).describe("the action's parameters"),
});

const Ask = z
  .strictObject({
    question: Template.describe("what people are asked"),
    options: z
      .union([z.array(z.string().min(1)).min(2), Cel])
      .optional()
      .describe("what they choose from: a list, or an expression that yields one"),
    answer: AnswerType.optional().describe("the kind of value they write, where there are no options"),
    by: By,
  })
  .superRefine((ask, ctx) => {
    if ((ask.options === undefined) === (ask.answer === undefined))
      ctx.addIssue({ code: "custom", message: "an ask has either `options` or an `answer`" });
  });

const ChecklistItem = z.strictObject({
  text: Template.describe("what has to be so"),
  owner: z.string().optional().describe("who sees to it, in words"),
  attest: Name.optional().describe(
    "name under `preflight.attest` in crai.yaml: only those whom it names may tick it",
  ),
  due: Duration.optional().describe("how long after the step began it should be ticked"),
  check: Call.optional().describe(
    "an action that only looks: it ticks the item or marks it as not so, and leaves to people what it cannot tell",
  ),
  offer: Template.optional().describe("a command that does it, as somebody types it: its button"),
  found: z
    .json()
    .optional()
    .describe(
      "a step that has looked, `${{ steps.<id> }}`: one that succeeded ticks the item, what any other found is said there",
    ),
  runbook: z.array(z.string()).default([]).describe("items of the runbook this carries out"),
});

const Checklist = z.strictObject({
  items: z.array(ChecklistItem).min(1).max(60).describe("what people tick"),
  by: By,
});

const ApprovalStep = z.strictObject({
  question: Template.describe("what is agreed to"),
  count: z.int().min(1).max(5).default(1).describe("how many people have to say yes; never the requester"),
  by: By,
});

const WaitUntil = z.strictObject({
  facts: z.record(Id, Call).describe("actions that only look, made anew each time"),
  until: Cel.describe("CEL over `facts.<name>.state`, `.detail` and `.values`"),
  every: Duration.default(10_000).describe("time between two looks"),
});

const common = {
  id: Id.describe("unique in the playbook; the name of the step on the timeline"),
  title: Template.optional().describe("how the step is named to people; default: what the action says"),
  app: Template.optional().describe("the app it is about; default: the playbook's"),
  when: Cel.optional().describe(
    "CEL; the step is skipped when it is false. Over inputs it is decided when planned, over `steps` when the run gets there",
  ),
  for_each: z
    .union([z.array(z.json()).max(50), Cel])
    .optional()
    .describe("a list, or an expression that yields one: the step is made for each, as `item`"),
  needs: z.array(Id).optional().describe("steps that come before it; default: the one above"),
  opens: Duration.optional().describe(
    "it begins this long after the run at the latest, also when what it needs has not ended",
  ),
  timeout: Duration.optional().describe(
    "it ends as failed or unknown after this long; default: 10m, for what people answer 24h",
  ),
  retry: z
    .strictObject({
      times: z.int().min(1).max(10).describe("how often it is tried again"),
      every: Duration.default(10_000).describe("time between two tries"),
    })
    .optional()
    .describe("try again, only after a clear failure"),
  continue_on_failure: z.boolean().default(false).describe("the run goes on when it fails"),
  compensate: Call.optional().describe(
    "with `on_failure: compensate`: done in place of the action's own inverse",
  ),
  runbook: z.array(z.string()).default([]).describe("items of the runbook this very step carries out"),
};

const works = {
  action: Name.optional().describe("what the step does, see below"),
  with: z
    .record(z.string(), z.json())
    .optional()
    .describe("the action's parameters, or the inputs of the playbook that is called"),
  ask: Ask.optional().describe("a person chooses or answers"),
  checklist: Checklist.optional().describe("people tick off; each tick is kept with who and when"),
  approval: ApprovalStep.optional().describe("people say yes in the middle of the run"),
  wait_until: WaitUntil.optional().describe("wait for something to become so"),
  call: Name.optional().describe("another playbook, whose steps are taken in here when planned"),
};

/** What a step can be; exactly one of these. */
export const workKeys = ["action", "ask", "checklist", "approval", "wait_until", "call", "parallel"] as const;

/** What says nothing of a step that only holds others. */
const foreign = {
  parallel: ["with", "app", "for_each", "timeout", "retry", "compensate"],
  call: ["timeout", "retry", "compensate"],
} as const;

function checkWork(step: Readonly<Record<string, unknown>>, ctx: z.RefinementCtx): void {
  const given = workKeys.filter((key) => step[key] !== undefined);
  if (given.length !== 1)
    ctx.addIssue({
      code: "custom",
      message: `a step is exactly one of ${workKeys.join(", ")}; this is ${given.join(" and ") || "none"}`,
    });
  if (step["with"] !== undefined && step["action"] === undefined && step["call"] === undefined)
    ctx.addIssue({ code: "custom", path: ["with"], message: "only an action or a call takes `with`" });
  for (const kind of ["parallel", "call"] as const)
    for (const key of foreign[kind])
      if (step[kind] !== undefined && step[key] !== undefined)
        ctx.addIssue({
          code: "custom",
          path: [key],
          message: `write it at the steps that are in the ${kind}`,
        });
}

export const SingleStep = z.strictObject({ ...common, ...works }).superRefine(checkWork);
export type SingleStep = z.infer<typeof SingleStep>;

/** A value of `with` may hold one `${{ CEL }}`, resolved once and typed. */
export const Step = z
  .strictObject({
    ...common,
    ...works,
    parallel: z.array(SingleStep).min(1).optional().describe("steps that are carried out side by side"),
  })
  .superRefine(checkWork);
export type Step = z.infer<typeof Step>;

/** `2 in 24h` */
const Cap = z.string().transform((text, ctx) => {
  const [, times, within] = /^(\d{1,4}) in (\S+)$/.exec(text) ?? [];
  const ms = within === undefined ? undefined : Duration.safeParse(within).data;
  if (times === undefined || ms === undefined) {
    ctx.addIssue({ code: "custom", message: `"${text}" is no cap; write e.g. 2 in 24h` });
    return z.NEVER;
  }
  return { times: Number(times), withinMs: ms };
});

const OnAlert = z.strictObject({
  level: z
    .array(z.enum(["critical", "warning", "info"]))
    .default(["critical"])
    .describe("alerts of these levels"),
  labels: z
    .record(z.string(), z.union([z.string(), z.array(z.string()).min(1)]))
    .default({})
    .describe("all of these must match; a list is matched by any of its values"),
  mode: z
    .enum(["propose", "auto"])
    .describe("propose: people decide; auto: it runs by itself, as the alert's own identity"),
  cooldown: Duration.default(900_000).describe("of auto: time between two runs for one app"),
  max: Cap.prefault("2 in 24h").describe("of auto: runs for one app in a time, as `2 in 24h`"),
});

/** What a test expects; all that is given must be so. Texts are found anywhere in what is said, ignoring case. */
const Expectation = z.strictObject({
  title: z.string().optional().describe("in the plan's title"),
  steps: z.array(Id).optional().describe("ids of the planned steps, in order"),
  warnings: z.array(z.string()).optional().describe("in the plan's warnings"),
  blocked: z.string().optional().describe("in a warning for which the plan cannot be run"),
  refused: z.string().optional().describe("in the refusal to plan"),
  outcome: z
    .enum(["succeeded", "failed", "refused", "skipped", "stopped", "unknown"])
    .optional()
    .describe("how its run ends; without it nothing is carried out"),
  verdict: z.enum(["cured", "not-cured", "effect-unknown", "stuck"]).optional(),
});

const PlaybookTest = z.strictObject({
  name: z.string().describe("what is shown when it fails"),
  as: z.string().default("robin").describe("a person of the practice world"),
  given: z
    .array(z.json())
    .default([])
    .describe("what happened before, in order; see docs/writing-playbooks.md"),
  inputs: z.record(z.string(), z.json()).default({}).describe("what it is started with"),
  answers: z.record(z.string(), z.json()).default({}).describe("what people answer, by step"),
  expect: Expectation,
});
export type PlaybookTest = z.infer<typeof PlaybookTest>;

/** The YAML under playbooks/. Unknown keys are refused. */
export const Playbook = z.strictObject({
  apiVersion: z.literal("crai/v1"),
  kind: z.literal("Playbook"),
  metadata: z.strictObject({
    name: Name.describe("unique among the playbooks; with `command`, what people type"),
    version: z.int().min(1).describe("raised with each change; plans and runs record it"),
    title: Template.describe("with `${{ CEL }}`: how a plan of it is announced"),
    owner: z.string().describe("the team that keeps it right"),
    runbook: z.array(z.string()).describe("headings of the runbook this carries out"),
    reviewed: z.iso.date().describe("the day somebody last checked it against the runbook"),
    nextReview: z.iso.date().describe("the day it is due again"),
  }),
  command: z
    .strictObject({
      summary: z.string().describe("one line in help"),
      words: z
        .array(Id)
        .optional()
        .describe("inputs that are written without a flag, in order; default: the required ones"),
      examples: z.array(z.string()).default([]).describe("shown in help"),
    })
    .optional()
    .describe("present when a person may start it, as `/crai <name>`"),
  inputs: z.record(Id, Input).default({}).describe("what it is started with, by name"),
  on_alert: OnAlert.optional().describe("which alerts offer it as the fix, or start it"),
  on_declare: IncidentKind.optional().describe(
    "`/crai declare <kind>` starts it; it may only look and ask (risk: observe)",
  ),
  schedule: Schedule.optional().describe("when it starts by itself, as `schedule:<as>`"),
  permission: Permission.describe("what the person who starts it must be allowed"),
  permissions: z
    .array(Permission)
    .default([])
    .describe("what its steps need beside that; a step that needs another is refused"),
  risk: Risk.describe("who says yes: nobody, the requester if on call, or always a second person"),
  approvals: z
    .int()
    .min(1)
    .max(3)
    .default(1)
    .describe("how many yeses of others a plan needs where a second person has to agree"),
  lock: z
    .enum(["targets", "none"])
    .default("targets")
    .describe("what the run holds from apply to verified, so that no other run changes it"),
  mode: z
    .enum(["live", "shadow"])
    .default("live")
    .describe("shadow: it proposes and records, and never acts"),
  on_failure: z
    .enum(["stop", "offer-undo", "compensate"])
    .default("stop")
    .describe(
      "of a run that changed something: stop and say what stands; plan its undo at once; or put back, last first, what is recorded as healthier",
    ),
  steps: z.array(Step).min(1).describe("what is done, in order unless `needs` says otherwise"),
  verify: z
    .array(SingleStep)
    .default([])
    .describe("actions that only look, afterwards; they decide cured, not cured or effect unknown"),
  tests: z
    .array(PlaybookTest)
    .default([])
    .describe("carried out on a practice cluster by `npm run crai -- check`"),
});
export type Playbook = z.infer<typeof Playbook>;
