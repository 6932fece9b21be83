import { isUserError, type UserError } from "../../domain/errors.ts";
import { sameTemplate, templateDigest } from "../../domain/pod-template.ts";
import type { Inverse, Warning } from "../../domain/plan.ts";
import type { ActionContext, PlannedAction } from "../../engine/playbooks/action.ts";
import type { JsonObject, Workload } from "../../engine/ports.ts";
import { onRevisions, onWorkload } from "./calls.ts";
import { lastAppliedWarnings, managersOf } from "./managers.ts";
import { imageOf } from "./metadata.ts";
import {
  annotationsAfter,
  type Replacement,
  replacementPatch,
  type ReplaceState,
} from "./replace-template.ts";
import { changedKeys, templateDiff } from "./template-diff.ts";
import {
  pausedWarnings,
  referenceWarnings,
  strategyWarnings,
  uncheckedReferences,
} from "./workload-warnings.ts";
import { dryRunTemplate, leaves, type TemplatePatch, templateFingerprint } from "./write-template.ts";

interface Fact {
  label: string;
  value: string;
}

/** A whole template that is to take the place of another. */
export interface Proposal extends Replacement {
  workload: Workload;
  title: string;
  /** `revision 4` */
  from: string;
  to: string;
  /** Said first, before what follows from the templates. */
  facts: Fact[];
  warnings: Warning[];
  kubectl: string[];
}

/** A refusal of the dry run is a refusal of the plan, with the cluster's own reason. */
function deniedWarning({ message, why, next }: UserError): Warning {
  return {
    level: "block",
    text: `${message}${why === undefined ? "" : `: ${why}`}`,
    ...(next === undefined ? {} : { next }),
  };
}

/** Only a person's rights are worth a dry run: an alert proposes with an identity that may only read. */
export async function tryDryRun(
  context: ActionContext,
  workload: Workload,
  patch: TemplatePatch,
): Promise<{ stored: JsonObject | null; warnings: Warning[] }> {
  if (context.actor.kind !== "person") return { stored: null, warnings: [] };
  try {
    return { stored: await dryRunTemplate(context.cluster, workload, patch), warnings: [] };
  } catch (error) {
    if (!isUserError(error)) throw error;
    return { stored: null, warnings: [deniedWarning(error)] };
  }
}

function list(keys: readonly string[]): string {
  return keys.join(", ");
}

function annotationFacts({ workload, annotations }: Proposal): Fact[] {
  if (annotations === null) return [];
  const after = annotationsAfter(workload.annotations, annotations);
  const before = workload.annotations;
  const dropped = Object.keys(before).filter((key) => !(key in after));
  const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
  return [
    ...(dropped.length > 0 ? [{ label: "Annotations dropped", value: list(dropped) }] : []),
    ...(changed.length > 0 ? [{ label: "Annotations put back", value: list(changed) }] : []),
  ];
}

function templateFacts(proposal: Proposal, context: ActionContext): Fact[] {
  const { workload, template } = proposal;
  const [before, after] = [workload.template, template].map((side) =>
    imageOf(side, context.environment.container),
  );
  const keys = changedKeys(workload.template, template);
  return [
    { label: "Image", value: before === after ? `${before} (the same)` : `${before} → ${after}` },
    { label: "Changes", value: keys.length === 0 ? "nothing in the template" : list(keys) },
  ];
}

/** The workload as it is, to be put back; recorded before anything is changed. */
function inverseOf({ workload, from }: Proposal): Inverse {
  return {
    action: "template-restore",
    title: `Return ${workload.target.name} to ${from}`,
    with: {
      uid: workload.uid,
      was: from,
      template: workload.template,
      annotations: workload.target.kind === "deployment" ? workload.annotations : null,
    },
  };
}

/** Works out everything about the change that does not depend on where the template comes from. */
export async function planReplacement(
  proposal: Proposal,
  context: ActionContext,
): Promise<PlannedAction<ReplaceState>> {
  const { workload, template, annotations } = proposal;
  const { cluster, target, maskKey } = context;
  const isSame = sameTemplate(workload.template, template);
  const blocks: Warning[] = [
    ...pausedWarnings(workload, "rolled back"),
    ...(isSame
      ? [
          {
            level: "block" as const,
            text: `There is nothing to do: ${target.name} runs the template of ${proposal.to} already.`,
          },
        ]
      : []),
  ];
  const patch = replacementPatch(workload, { template, annotations });
  const [references, dryRun] = await Promise.all([
    isSame ? [] : cluster.references(target.namespace, template),
    blocks.length > 0 ? { stored: null, warnings: [] } : tryDryRun(context, workload, patch),
  ]);
  const managers = managersOf(workload);
  const unchecked = uncheckedReferences(references);
  return {
    title: proposal.title,
    calls: [...onWorkload(target, ["get", "patch"]), ...onRevisions(target)],
    facts: [
      ...templateFacts(proposal, context),
      ...proposal.facts,
      ...annotationFacts(proposal),
      ...(managers.length > 0
        ? [{ label: "Managed by", value: list(managers.map(({ name }) => name)) }]
        : []),
      ...(unchecked === null ? [] : [{ label: "Not checked", value: unchecked }]),
    ],
    diff: templateDiff(
      { name: proposal.from, template: workload.template },
      { name: proposal.to, template },
      maskKey,
    ),
    kubectl: proposal.kubectl,
    warnings: [
      ...blocks,
      ...dryRun.warnings,
      ...referenceWarnings(references),
      ...proposal.warnings,
      ...managers.map(({ warning }) => warning),
      ...lastAppliedWarnings(workload),
      ...strategyWarnings(workload),
    ],
    fingerprint: templateFingerprint(workload, template),
    inverse: inverseOf(proposal),
    state: {
      uid: workload.uid,
      from: templateDigest(workload.template),
      leaves: leaves(template, dryRun.stored),
      template,
      annotations,
      done: `${target.name} has the template of ${proposal.to}`,
    },
  };
}
