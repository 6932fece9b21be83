import { z } from "zod";
import { UserError } from "../domain/errors.ts";
import { templateDigest } from "../domain/pod-template.ts";
import { quantityOf } from "../domain/quantity.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import type { Workload } from "../engine/ports.ts";
import { limitWarnings } from "./resources/limit-warnings.ts";
import { type Container, containersOf, requestsOf } from "./resources/pod-resources.ts";
import { limited, limitFrom, type Limits, limitsPatch, noLimit, withLimits } from "./resources/raised.ts";
import { onWorkload } from "./rollout/calls.ts";
import { kubectl } from "./rollout/kubectl.ts";
import { lastAppliedWarnings, managersOf } from "./rollout/managers.ts";
import { tryDryRun } from "./rollout/plan-replacement.ts";
import { templateDiff } from "./rollout/template-diff.ts";
import { pausedWarnings, strategyWarnings } from "./rollout/workload-warnings.ts";
import {
  leaves,
  observeTemplate,
  type TemplatePatch,
  templateFingerprint,
  type TemplateWrite,
  writeTemplate,
} from "./rollout/write-template.ts";

// As a person wrote them, like the number of replicas.
const Params = z.strictObject({
  cpu: z.json().default(null).describe("how much CPU the container may use: 2, 500m, +50%"),
  memory: z.json().default(null).describe("how much memory it may use: 4Gi, +50%"),
  container: z.string().nullable().default(null).describe("which one; default: the app's of crai.yaml"),
  back: z.boolean().default(false).describe("they were so before: set by its own inverse"),
});

type LimitsState = TemplateWrite & { container: string; limits: Limits };

function chooseContainer(workload: Workload, wanted: string | undefined): Container {
  const all = containersOf(workload.template);
  const found = wanted === undefined && all.length === 1 ? all[0] : all.find(({ name }) => name === wanted);
  if (found) return found;
  const names = all.map(({ name }) => name).join(", ");
  throw new UserError(
    wanted === undefined
      ? `Which container of ${workload.target.name}?`
      : `${workload.target.name} has no container ${wanted}`,
    { why: `It has: ${names}.`, next: "Name it with --container, or set `container` in crai.yaml." },
  );
}

/** Only what becomes another limit. */
function changedLimits(wishes: z.infer<typeof Params>, container: Container): Limits {
  const wanted = limited.flatMap((kind) => {
    const limit = limitFrom(wishes[kind], kind, container);
    const present = container.resources.limits[kind];
    const isSame =
      limit === noLimit ? present === undefined : quantityOf(limit ?? "") === quantityOf(present ?? "");
    return limit === null || isSame ? [] : [[kind, limit] as const];
  });
  return Object.fromEntries(wanted);
}

function limitsOf({ resources }: Container, limits: Limits): Limits {
  return Object.fromEntries(Object.keys(limits).map((kind) => [kind, resources.limits[kind] ?? noLimit]));
}

function isLower(before: string, after: string): boolean {
  if (after === noLimit) return false;
  return before === noLimit || (quantityOf(after) ?? 0) < (quantityOf(before) ?? 0);
}

function asPatch({ container, limits }: Pick<LimitsState, "container" | "limits">): TemplatePatch {
  const containers = [{ name: container, resources: { limits: limitsPatch(limits) } }];
  return {
    type: "strategic",
    body: ({ uid }, resourceVersion) => ({
      metadata: { uid, ...(resourceVersion === null ? {} : { resourceVersion }) },
      spec: { template: { spec: { containers } } },
    }),
  };
}

const titles = { cpu: "CPU limit", memory: "Memory limit" } as const;

/** `kubectl set resources --limits`: other limits of one container, and nothing else of the template. */
export const limits = defineAction<z.infer<typeof Params>, LimitsState>({
  name: "limits",
  params: Params,
  permission: "workload:limits",
  endsPods: true,

  async plan(wishes, context) {
    const { cluster, target, environment, maskKey } = context;
    if (wishes.cpu === null && wishes.memory === null)
      throw new UserError("Which limit is to change?", {
        why: "Neither CPU nor memory was given.",
        next: "Say at least one: `--memory 4Gi`, `--cpu +50%`.",
      });
    const workload = await cluster.workload(target);
    const container = chooseContainer(workload, wishes.container ?? environment.container);
    const wanted = changedLimits(wishes, container);
    const before = limitsOf(container, wanted);
    const kinds = limited.filter((kind) => wanted[kind] !== undefined);
    const after = withLimits(workload.template, container.name, wanted);
    const patch = asPatch({ container: container.name, limits: wanted });
    const blocks = [
      ...pausedWarnings(workload, "given other limits"),
      ...(kinds.length > 0
        ? []
        : [
            {
              level: "block" as const,
              text: `There is nothing to do: ${container.name} has these limits already.`,
            },
          ]),
    ];
    const [{ warnings, unchecked }, dryRun] = await Promise.all([
      limitWarnings({ workload, after, container: container.name }, cluster),
      blocks.length > 0 ? { stored: null, warnings: [] } : tryDryRun(context, workload, patch),
    ]);
    const lowered = kinds.filter((kind) => isLower(before[kind]!, wanted[kind]!));
    const [asked, asks] = [requestsOf(workload.template), requestsOf(after)];
    const follow = limited.filter((kind) => asked[kind] !== asks[kind]);
    const said = kinds.map((kind) => `${kind} ${before[kind]} → ${wanted[kind]}`).join(", ");
    return {
      title: `Change limits of ${target.name}: ${said}`,
      calls: onWorkload(target, ["get", "patch"]),
      facts: [
        ...kinds.map((kind) => ({ label: titles[kind], value: `${before[kind]} → ${wanted[kind]}` })),
        {
          label: "Requests",
          value:
            follow.length === 0
              ? "stay as they are"
              : `follow the limit of ${follow.join(" and ")}, because none is set`,
        },
        { label: "Restarts", value: `${workload.replicas} pods of ${target.name}, one after the other` },
        ...(unchecked.length === 0
          ? []
          : [{ label: "Not checked", value: `${unchecked.join(", ")} (no right to look)` }]),
      ],
      diff: templateDiff(
        { name: "what runs now", template: workload.template },
        { name: "with these limits", template: after },
        maskKey,
      ),
      kubectl: [
        kubectl(
          target,
          "set",
          "resources",
          `${target.kind}/${target.name}`,
          `-c=${container.name}`,
          `--limits=${kinds.map((kind) => `${kind}=${wanted[kind] === noLimit ? "0" : wanted[kind]}`).join(",")}`,
        ),
      ],
      warnings: [
        ...blocks,
        ...dryRun.warnings,
        ...warnings,
        ...managersOf(workload).map(({ warning }) => warning),
        ...lastAppliedWarnings(workload),
        ...strategyWarnings(workload),
      ],
      fingerprint: templateFingerprint(workload, after),
      inverse: {
        action: "limits",
        title: `Return the limits of ${target.name} to ${kinds.map((kind) => `${kind} ${before[kind]}`).join(", ")}`,
        with: { ...before, container: container.name, back: true },
      },
      ...(lowered.length > 0 &&
        !wishes.back && {
          guarded: `It lowers the limit of ${lowered.join(" and ")}: a second person has to agree.`,
        }),
      state: {
        uid: workload.uid,
        from: templateDigest(workload.template),
        leaves: leaves(after, dryRun.stored),
        container: container.name,
        limits: wanted,
      },
    };
  },

  apply(state, { cluster, target }) {
    return writeTemplate(cluster, target, state, asPatch(state));
  },

  observe(state, { cluster, target }) {
    const said = Object.entries(state.limits).map(([kind, limit]) => `${kind} ${limit}`);
    return observeTemplate(cluster, target, state, `${target.name} has the limits ${said.join(", ")}`);
  },
});
