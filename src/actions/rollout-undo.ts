import { z } from "zod";
import { formatDuration } from "../domain/deadline.ts";
import { templateDigest } from "../domain/pod-template.ts";
import type { Warning } from "../domain/plan.ts";
import { type ActionContext, defineAction } from "../engine/playbooks/action.ts";
import type { Revision, Workload } from "../engine/ports.ts";
import {
  type Choice,
  chooseRevision,
  formerNumbers,
  healthOf,
  wasLeftBefore,
} from "./rollout/choose-revision.ts";
import { onPods } from "./rollout/calls.ts";
import { rolloutLine } from "./rollout/kubectl.ts";
import { imageOf, tagOf } from "./rollout/metadata.ts";
import { planReplacement } from "./rollout/plan-replacement.ts";
import { replacementPatch, type ReplaceState } from "./rollout/replace-template.ts";
import { deletePodLine, describePod, replacesInOrder, strandedPods } from "./rollout/stuck-pods.ts";
import { observeTemplate, writeTemplate } from "./rollout/write-template.ts";

const Params = z.strictObject({
  // As a person wrote it: what is wrong with it is said in words when the plan is made.
  to: z.json().default(null).describe("number of the revision; the last healthy one when null"),
});

function revisionName(revision: Pick<Revision, "number"> | undefined): string {
  return revision === undefined ? "an unrecorded revision" : `revision ${revision.number}`;
}

function asDate(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}

/** What is recorded about the chosen revision, and why it was chosen. */
function healthText({ revision, why }: Choice, { health }: ActionContext): string {
  const known = health.get(templateDigest(revision.template));
  switch (healthOf(health, revision)) {
    case "healthy":
      return `revision ${revision.number} was healthy, last seen so ${asDate(known!.healthyAt!)} UTC`;
    case "bad":
      return `revision ${revision.number} is known bad: ${known!.badWhy ?? "no reason recorded"}`;
    case "unknown":
      return why === "previous"
        ? "not recorded: this is the previous revision, as kubectl chooses it"
        : "not recorded";
  }
}

function choiceWarnings(
  { revision, why }: Choice,
  revisions: readonly Revision[],
  { health, target }: ActionContext,
): Warning[] {
  const warnings: Warning[] = [];
  const current = revisions.find((other) => other.current);
  const healthy = revisions.findLast(
    (other) => !other.current && other !== revision && healthOf(health, other) === "healthy",
  );
  if (current !== undefined && current !== revision && healthOf(health, current) === "healthy") {
    const { healthyAt } = health.get(templateDigest(current.template))!;
    warnings.push({
      level: "warn",
      text: `Revision ${current.number}, which runs now, is recorded as healthy, last seen so ${asDate(healthyAt!)} UTC: going back leaves it.`,
      next: "If something is wrong all the same, its cause may be elsewhere: look for that first.",
    });
  }
  if (healthOf(health, revision) === "bad") {
    const because = health.get(templateDigest(revision.template))?.badWhy;
    warnings.push({
      level: "warn",
      text: `Revision ${revision.number} is known bad${because ? `: ${because}` : ""}.`,
      next: healthy
        ? `The last healthy one is revision ${healthy.number}: use --to ${healthy.number}.`
        : "No other revision is recorded as healthy.",
    });
  }
  if (why === "not-bad")
    warnings.push({
      level: "warn",
      text: `The previous revision is known bad and none is recorded as healthy, so this goes back to revision ${revision.number}.`,
    });
  if (wasLeftBefore(revision, current))
    warnings.push({
      level: "warn",
      text: `${target.name} was rolled back from revision ${revision.number} before: this returns to it.`,
      next: "Undoing twice goes there and back again; name an older revision with --to to go further back.",
    });
  return warnings;
}

function facts(choice: Choice, current: Revision | undefined, context: ActionContext) {
  const { revision, why } = choice;
  const age = (other: Revision): string => {
    const ms = context.now().getTime() - other.createdAt.getTime();
    return `revision ${other.number} was made ${formatDuration(ms)} ago`;
  };
  const renumbered =
    why === "renumbered"
      ? ` (revision ${choice.asked} became ${revision.number} when it was rolled back to)`
      : "";
  const causes = [current?.changeCause, revision.changeCause].map((cause) => cause ?? "none");
  return [
    {
      label: "Age",
      value: [...(current && current !== revision ? [current] : []), revision].map(age).join(", "),
    },
    { label: "Health", value: healthText(choice, context) },
    { label: "Revision", value: `${current?.number ?? "?"} → ${revision.number}${renumbered}` },
    ...(causes[0] === causes[1] ? [] : [{ label: "Change cause", value: causes.join(" → ") }]),
  ];
}

/** Where else one could go back to, newest first. */
function alternativesTo(chosen: Revision, revisions: readonly Revision[], context: ActionContext) {
  const { health, environment, now } = context;
  return revisions
    .filter((revision) => !revision.current && revision !== chosen)
    .map((revision) => {
      const { number, createdAt, template } = revision;
      const known = healthOf(health, revision);
      const age = formatDuration(now().getTime() - createdAt.getTime());
      const release = tagOf(imageOf(template, environment.container));
      return {
        label: `Revision ${number}: ${release}, made ${age} ago${known === "unknown" ? "" : `, ${known}`}`,
        value: String(number),
      };
    })
    .toReversed();
}

/** When the release that runs now came; a revision that was rolled back to is older than its latest arrival. */
function lastChangeOf(current: Revision | undefined, { environment }: ActionContext) {
  if (current === undefined || formerNumbers(current).length > 0) return undefined;
  const release = tagOf(imageOf(current.template, environment.container));
  return { what: `${release} shipped`, at: current.createdAt.toISOString() };
}

/** Pods that would keep a StatefulSet from reaching the revision: said before, with how to help it. */
async function strandedWarnings(
  workload: Workload,
  revision: Revision,
  context: ActionContext,
): Promise<Warning[]> {
  if (!replacesInOrder(workload)) return [];
  const stranded = strandedPods(workload, await context.cluster.pods(workload), revision);
  return stranded.map((pod) => ({
    level: "warn",
    text: `${describePod(pod)}. A StatefulSet waits for a broken pod instead of replacing it.`,
    next: `When the rollout stops there, delete it: \`${deletePodLine(workload, pod)}\`.`,
  }));
}

/** `kubectl rollout undo`, to the last healthy revision unless one is named. */
export const rolloutUndo = defineAction<z.infer<typeof Params>, ReplaceState>({
  name: "rollout-undo",
  params: Params,
  permission: "rollout:undo",
  endsPods: true,

  async plan({ to }, context) {
    const { cluster, target, health, environment } = context;
    const workload = await cluster.workload(target);
    const revisions = await cluster.revisions(workload);
    const choice = chooseRevision(to, { revisions, health, target });
    const { revision } = choice;
    const current = revisions.find((other) => other.current);
    const stranded = await strandedWarnings(workload, revision, context);
    const planned = await planReplacement(
      {
        workload,
        template: revision.template,
        annotations: target.kind === "deployment" ? revision.annotations : null,
        title: `Roll ${target.name} back to revision ${revision.number} (${tagOf(imageOf(revision.template, environment.container))})`,
        from: revisionName(current),
        to: revisionName(revision),
        facts: facts(choice, current, context),
        warnings: [...choiceWarnings(choice, revisions, context), ...stranded],
        kubectl: [rolloutLine(target, "undo", `--to-revision=${revision.number}`)],
      },
      context,
    );
    const lastChange = lastChangeOf(current, context);
    return {
      ...planned,
      ...(lastChange !== undefined && { lastChange }),
      alternatives: alternativesTo(revision, revisions, context),
      calls: [...planned.calls, ...(replacesInOrder(workload) ? onPods(target) : [])],
    };
  },

  apply(state, { cluster, target }) {
    return writeTemplate(cluster, target, state, replacementPatch({ target }, state));
  },

  observe(state, { cluster, target }) {
    return observeTemplate(cluster, target, state, state.done);
  },
});
