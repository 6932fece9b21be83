import { intlFormatDistance } from "date-fns/intlFormatDistance";
import { actorName } from "../src/domain/actor.ts";
import { targetKey, targetOf } from "../src/domain/app.ts";
import { planScopes } from "../src/domain/plan.ts";
import { rolledOutAt } from "../src/domain/rolled-out.ts";
import type { Block, LabeledText, Text, View } from "../src/domain/view.ts";
import { appOf, environmentOf } from "../src/engine/commands/apps.ts";
import { audienceOf, findPlan } from "../src/engine/audience.ts";
import type { Args, Command, CommandContext } from "../src/engine/commands/command.ts";
import { imagesOf } from "../src/engine/commands/images.ts";
import { page } from "../src/engine/page.ts";
import { planDetailView, planView } from "../src/engine/plans/plan-view.ts";
import { yesesOf } from "../src/engine/plans/yes-text.ts";
import { planNumber } from "../src/engine/commands/references.ts";
import type { Revision, Workload } from "../src/engine/ports.ts";
import type { UseCases } from "../src/engine/use-cases.ts";
import { runSummary } from "../src/engine/runs/run-view.ts";
import { seenRuns } from "../src/engine/runs/seen-runs.ts";
import { openOutage } from "../src/store/incidents.ts";
import { locksHeardBy } from "../src/store/locks.ts";
import { approvalsOf } from "../src/store/plans.ts";
import { listRuns } from "../src/store/runs.ts";

const isPlan = (text: string | undefined): boolean => /^p\d+$/i.test(text ?? "");

async function planStatus(
  text: string,
  { invocation, now }: CommandContext,
  { db, approvals }: UseCases,
): Promise<{ view: View; details: View }> {
  const stored = await findPlan(db, planNumber(text), invocation.place);
  return {
    view: planView(
      stored,
      await approvals.need(stored.plan, stored.askedAt),
      yesesOf(await approvalsOf(db, stored.number)),
      now(),
    ),
    details: planDetailView(stored),
  };
}

/** `5, made 6 days ago, rolled out 2 minutes ago`: a release that was gone back to is older than its rollout. */
function revisionText(current: Revision | undefined, workload: Workload, now: Date): string {
  if (current === undefined) return "not known";
  const rolledOut = rolledOutAt(workload.raw);
  const made = ago(current.createdAt, now);
  const since = rolledOut === null ? made : ago(rolledOut, now);
  return `${current.number}, made ${made}${since === made ? "" : `, rolled out ${since}`}`;
}

function ago(date: Date, now: Date): string {
  return intlFormatDistance(date, now, { locale: "en" });
}

const paused: Block = {
  type: "text",
  text: [
    { bold: "Paused:" },
    " no change to it rolls out, and a rollback is refused, until ",
    { code: "kubectl rollout resume" },
    ".",
  ],
};

/** Releases and runs that are named; `history` and `runs` have the others. */
const LATEST = 3;

function heading(text: string): Block {
  return { type: "text", text: [{ bold: text }] };
}

/** `4 (now): v1.2.0, made 6 minutes ago`, and why where somebody has said so. */
function releaseText({ number, current, template, createdAt, changeCause }: Revision, now: Date): string {
  const cause = changeCause === null ? "" : ` (${changeCause})`;
  return `${number}${current ? " (now)" : ""}: ${imagesOf(template)}, made ${ago(createdAt, now)}${cause}`;
}

/** The runs under way and the latest others, as far as the asker may see them. */
async function runsOf(
  { app, environment }: { app: string; environment: string },
  { actor, invocation }: Pick<CommandContext, "actor" | "invocation">,
  { db, authorizer }: Pick<UseCases, "db" | "authorizer">,
): Promise<Text[]> {
  const all = await listRuns(db, { app, audience: audienceOf(invocation.place), limit: 50 });
  const here = all.filter((run) => run.environment === environment);
  const seen = await seenRuns(db, authorizer, actor, here);
  const underWay = seen.filter(({ run }) => run.status !== "finished");
  const ended = seen.filter(({ run }) => run.status === "finished").slice(0, LATEST);
  return [...underWay, ...ended].map(({ run, plan }) => runSummary(run, plan));
}

async function appStatus(
  args: Args,
  { actor, incident, invocation, now }: CommandContext,
  uses: UseCases,
): Promise<View> {
  const { config, db, clusters, authorizer } = uses;
  const app = appOf(config.apps, args["app"], incident);
  const environment = environmentOf(config.apps, { app: app.name, environment: args["env"] }, incident);
  const target = targetOf(app.environments[environment]!);
  const cluster = clusters.as(actor, target.cluster);
  const workload = await cluster.workload(target);
  const scope = { app: app.name, environment };
  const [rollout, pods, revisions, locks, outage, seesRuns, seesIncidents] = await Promise.all([
    cluster.rolloutStatus(workload),
    cluster.pods(workload),
    cluster.revisions(workload),
    locksHeardBy(db, audienceOf(invocation.place)),
    openOutage(db, app.name, environment),
    authorizer.allows(actor, "run:read", scope),
    authorizer.allows(actor, "incident:read", scope),
  ]);
  const current = revisions.find((revision) => revision.current);
  const lock = locks.find((held) => held.target === targetKey(target));
  const ready = pods.filter((pod) => pod.ready).length;
  const facts: LabeledText[] = [
    { label: "Workload", value: { code: `${target.namespace}/${target.kind}/${target.name}` } },
    { label: "Rollout", value: rollout.detail },
    { label: "Pods", value: `${ready} of ${workload.replicas} ready` },
    { label: "Image", value: { code: [...new Set(pods.map((pod) => pod.image))].join(", ") || "none" } },
    { label: "Revision", value: revisionText(current, workload, now()) },
    ...(lock && seesRuns ? [{ label: "Lock", value: `R${lock.run}, ${actorName(lock.holder)}` }] : []),
    ...(outage && seesIncidents
      ? [{ label: "Incident", value: `${outage.channelName}, ${outage.severity}, ${outage.status}` }]
      : []),
  ];
  const unwell = pods
    .filter((pod) => !pod.ready)
    .map(
      (pod) =>
        `${pod.name}: ${pod.reason ?? pod.phase}${pod.restarts > 0 ? `, ${pod.restarts} restarts` : ""}`,
    );
  const list: Block | null = unwell.length > 0 ? { type: "list", items: unwell } : null;
  const lately = seesRuns ? await runsOf({ app: app.name, environment }, { actor, invocation }, uses) : [];
  return page(
    `${app.title} in ${environment}`,
    workload.paused ? paused : null,
    { type: "facts", facts },
    list,
    heading("Releases"),
    {
      type: "list",
      items: revisions
        .toReversed()
        .slice(0, LATEST)
        .map((one) => releaseText(one, now())),
    },
    ...(lately.length === 0 ? [] : [heading("Runs"), { type: "list", items: lately } as const]),
  );
}

export const status: Command = {
  name: "status",
  usage: "status [app|plan] [--env <environment>]",
  summary: "How a workload stands now, or a plan with its diff",
  examples: ["status", "status api", "status P12"],
  permission: "workload:read",
  positionals: ["app"],
  flags: { env: { type: "string" } },
  async scope(args, { incident, invocation }, { config, db }) {
    if (isPlan(args["app"])) {
      return planScopes((await findPlan(db, planNumber(args["app"]), invocation.place)).plan);
    }
    const app = appOf(config.apps, args["app"], incident).name;
    return { app, environment: environmentOf(config.apps, { app, environment: args["env"] }, incident) };
  },
  async run(args, context, uses) {
    const named = args["app"];
    if (named !== undefined && isPlan(named))
      return { to: "asker", ...(await planStatus(named, context, uses)) };
    return { to: "asker", view: await appStatus(args, context, uses) };
  },
};
