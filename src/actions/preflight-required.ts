import { subDays } from "date-fns/subDays";
import { z } from "zod";
import { formatDuration } from "../domain/deadline.ts";
import { digest } from "../domain/hash.ts";
import { cleanLine } from "../domain/clean-text.ts";
import { templateDigest } from "../domain/pod-template.ts";
import { defineAction, type EnvironmentContext } from "../engine/playbooks/action.ts";
import { ciEvidence } from "./preflight/ci-evidence.ts";

const Params = z.strictObject({
  tag: z.string().describe("the tag that is deployed"),
  override: z
    .string()
    .nullable()
    .default(null)
    .describe("why it is deployed without a checklist; shown in the plan and kept"),
});
type Params = z.infer<typeof Params>;

/** Why the deploy may begin, or why not: `missing` says what would do beside a checklist. */
type Ground = { what: string; warns: boolean };
type Refused = { missing: string | null };
type RequiredState = { tag: string; override: string | null };

/** Days within which a tag has to have run well to be put back without a checklist during an outage. */
const healthyDays = 30;

const Containers = z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) });

/** Whether every app that follows the tag ran well with it lately. */
async function ranWell(tag: string, context: EnvironmentContext): Promise<boolean> {
  const { apps, settings, cluster, now, healthOf } = context;
  const following = apps.filter(({ app }) => settings.manifests?.follow.includes(app.name));
  const since = subDays(now(), healthyDays);
  const well = await Promise.all(
    following.map(async ({ target }) => {
      const [health, revisions] = await Promise.all([
        healthOf(target),
        cluster.workload(target).then((workload) => cluster.revisions(workload)),
      ]);
      return revisions.some(({ template }) => {
        const healthyAt = health.get(templateDigest(template))?.healthyAt ?? null;
        const { containers } = Containers.parse(template).spec;
        return (
          healthyAt !== null && healthyAt > since && containers.some(({ image }) => image.endsWith(`:${tag}`))
        );
      });
    }),
  );
  return well.length > 0 && well.every(Boolean);
}

/** The worst outages: a way out of them must not wait for a checklist. */
async function isEmergency({ apps, environment, openOutage }: EnvironmentContext): Promise<boolean> {
  const open = await Promise.all(apps.map(({ app }) => openOutage(app.name, environment)));
  return open.some((incident) => incident?.severity === "sev1" || incident?.severity === "sev2");
}

/**
 * During an outage a tag that ran well goes out as it is. A new one needs its image; that all it refers to is there, and
 * that the cluster takes it, is what the rest of the plan looks at, and blocks it where it is not so.
 */
async function emergencyGround(tag: string, context: EnvironmentContext): Promise<Ground | Refused> {
  if (await ranWell(tag, context))
    return { what: `No checklist during an outage: ${tag} ran well within ${healthyDays} days`, warns: true };
  const ci = await ciEvidence(tag, context);
  const image = ci.known ? ci.evidence.image : undefined;
  if (image === undefined)
    return {
      missing: `During an outage a tag that has not run well within ${healthyDays} days needs its image: ${ci.known ? "CI knows of none" : ci.why}.`,
    };
  return {
    what: `No checklist during an outage: ${tag} is new, its image is ${cleanLine(image)}; references and dry run are what this plan looks at`,
    warns: true,
  };
}

async function groundOf(
  { tag, override }: RequiredState,
  context: EnvironmentContext,
): Promise<Ground | Refused> {
  const { environment, settings, preflightFor } = context;
  const demands = settings.preflight;
  if (!demands?.required.includes(environment))
    return { what: `${environment} demands no pre-deployment checklist`, warns: false };
  const passed = await preflightFor({ tag, environment }, demands.within);
  if (passed !== undefined)
    return {
      what: `Pre-deployment checklist R${passed.run} of ${tag} by ${passed.by} passed at ${passed.at.toISOString()}`,
      warns: false,
    };
  const emergency = (await isEmergency(context)) ? await emergencyGround(tag, context) : { missing: null };
  if ("what" in emergency) return emergency;
  if (override !== null && override.trim() !== "")
    return { what: `No checklist of ${tag} has passed; overridden: ${override}`, warns: true };
  return emergency;
}

/** Nothing is deployed where a checklist is required unless one passed for the tag, or somebody says why not. */
export const preflightRequired = defineAction<Params, RequiredState, "environment">({
  name: "preflight-required",
  scope: "environment",
  params: Params,
  permission: "workload:read",
  freeText: ["override"],

  async plan({ tag, override }, context) {
    const state = { tag, override };
    const ground = await groundOf(state, context);
    const within = formatDuration(context.settings.preflight?.within ?? 0);
    return {
      title: `the pre-deployment checklist of ${tag} has passed`,
      calls: [],
      facts: "what" in ground && !ground.warns ? [{ label: "Checklist", value: ground.what }] : [],
      diff: null,
      kubectl: [],
      warnings:
        "missing" in ground
          ? [
              {
                level: "block",
                text: [
                  `No pre-deployment checklist of ${tag} has passed for ${context.environment} within ${within}.`,
                  ...(ground.missing === null ? [] : [ground.missing]),
                ].join(" "),
                next: `Run \`preflight ${tag}\` first, or say why it cannot wait with \`--override "…"\`.`,
              },
            ]
          : ground.warns
            ? [{ level: "warn", text: `${ground.what}.` }]
            : [],
      fingerprint: digest([tag, override]),
      inverse: null,
      // It is about the tag: whoever may deploy one app alone needs no right to see the others.
      apps: [],
      state,
    };
  },

  async observe(state, context) {
    const ground = await groundOf(state, context);
    if ("what" in ground)
      return { state: "done", evidence: [{ what: ground.what, ok: ground.warns ? null : true }] };
    const detail = `No pre-deployment checklist of ${state.tag} has passed`;
    return { state: "failed", detail, evidence: [{ what: detail, ok: false }] };
  },
});
