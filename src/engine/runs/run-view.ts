import type { Plan } from "../../domain/plan.ts";
import type { Outcome, Verdict } from "../../domain/run.ts";
import { Tally } from "../../domain/tally.ts";
import type { Block, Button, Inline, View } from "../../domain/view.ts";
import type { Row } from "../../store/tables.ts";
import { actorInline } from "../people.ts";
import { type GivenYes, glassText, yesesOf } from "../plans/yes-text.ts";

type StepLook = { mark: string; detail: string | null };

const marks = {
  succeeded: "✓",
  failed: "✗",
  refused: "✗",
  skipped: "–",
  stopped: "■",
  unknown: "?",
} as const;

const verdicts = {
  cured: "Cured",
  "not-cured": "Carried out, not cured",
  "effect-unknown": "Carried out, effect unknown",
  stuck: "Stuck",
} as const;

const outcomes = {
  succeeded: "Done",
  failed: "Failed",
  refused: "Not carried out",
  skipped: "Nothing to do",
  stopped: "Stopped",
  unknown: "Outcome unknown",
} as const;

/** The one line a run comes down to: `R12 Cured: Roll back api to v1.1.9`. */
export function runSummary(run: Row<"run">, plan: Plan): string {
  return `R${run.number} ${runEnd(run)}: ${plan.title}`;
}

/** `Cured`, `Stuck`, `Outcome unknown`, `Running`: the verdict where there is one, else the outcome. */
export function runEnd(run: Row<"run">): string {
  if (run.status !== "finished" || run.outcome === null)
    return run.stop_asked_at === null ? "Running" : "Stopping";
  return endName(run.outcome, run.verdict);
}

export function endName(outcome: Outcome, verdict: Verdict | null): string {
  return verdict === null ? outcomes[outcome] : verdicts[verdict];
}

/** What a step in hand waits for; of several side by side that ask people, each says how far it is. */
function waitOf({ step, found }: Row<"run_step">, now: RunShown["waitingFor"]): string | null {
  if (now?.step === step) return now.text;
  const tally = Tally.safeParse(found).data;
  return tally === undefined ? null : `${tally.ticked} of ${tally.items.length} ticked`;
}

function lookOf(step: Row<"run_step"> | undefined, now: RunShown["waitingFor"]): StepLook {
  if (step === undefined) return { mark: "·", detail: null };
  if (step.phase !== "finished" || step.outcome === null) return { mark: "→", detail: waitOf(step, now) };
  return { mark: marks[step.outcome], detail: step.detail };
}

/** A step that ended is its evidence; one without, or still to come, is its title. */
function stepLines(
  title: string,
  step: Row<"run_step"> | undefined,
  waitingFor: RunShown["waitingFor"],
): string[] {
  if (step?.phase === "finished" && step.evidence.length > 0) {
    return step.evidence.map(
      ({ ok, what }) => `${ok === null ? marks.unknown : ok ? marks.succeeded : marks.failed} ${what}`,
    );
  }
  const { mark, detail } = lookOf(step, waitingFor);
  const named = `${mark} ${title.charAt(0).toUpperCase()}${title.slice(1)}`;
  return [detail === null ? named : `${named} · ${detail}`];
}

export interface RunShown {
  run: Row<"run">;
  plan: Plan;
  steps: readonly Row<"run_step">[];
  /** The answers to its plan. */
  approvals: readonly Row<"approval">[];
  /** What a step in hand is waiting for. */
  waitingFor: { step: string; text: string } | null;
  /** Offered when it has ended. */
  offers: readonly Button[];
}

/** ` · approved by Robin, 12:00`; a broken glass has a line of its own. */
function yesInline({ actor, how, at }: GivenYes): Inline[] {
  return how === "break-glass" ? [] : [` · ${how} by `, actorInline(actor), ", ", { time: at, as: "clock" }];
}

/** The one message a run has: steps with a mark each, Stop while it runs, evidence and offers when it has ended. */
export function runView({ run, plan, steps, approvals, waitingFor, offers }: RunShown): View {
  const byId = new Map(steps.map((step) => [step.step, step]));
  const lines = plan.steps.flatMap((planned) => stepLines(planned.title, byId.get(planned.id), waitingFor));
  const ended = run.status === "finished";
  const yeses = yesesOf(approvals);
  const stop: Button = {
    label: "Stop",
    command: `stop R${run.number}`,
    style: "danger",
    confirm: {
      title: "Stop this run?",
      text: "It halts before the next change. What has been changed stays as it is.",
      yes: "Stop",
    },
  };
  const buttons = ended ? offers : run.stop_asked_at === null ? [stop] : [];
  const blocks: Block[] = [
    { type: "heading", text: runSummary(run, plan) },
    ...(run.detail === null ? [] : [{ type: "text", text: run.detail } as const]),
    { type: "list", items: lines },
    ...yeses
      .filter(({ how }) => how === "break-glass")
      .map((yes) => ({ type: "text", text: glassText(yes) }) as const),
    {
      type: "note",
      text: [
        `R${run.number} · P${run.plan} · asked by `,
        actorInline(run.actor),
        ...yeses.flatMap(yesInline),
      ],
    },
    ...(buttons.length > 0 ? [{ type: "buttons", buttons } as const] : []),
  ];
  return { summary: runSummary(run, plan), blocks };
}
