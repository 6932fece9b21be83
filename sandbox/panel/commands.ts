import { z } from "zod";
import type { Alertmanager } from "../alerts/alertmanager.ts";
import { stormAlert } from "../alerts/receivers.ts";
import { storm } from "../alerts/storm.ts";
import { practiceApps } from "../apps/practice-apps.ts";
import { setImagePolicy } from "../cluster/admission/image-policy.ts";
import { addNode } from "../cluster/seed/nodes.ts";
import type { Cluster } from "../cluster/server.ts";
import { setMetricsApi } from "../cluster/usage/availability.ts";
import type { CraiChild } from "../crai-child.ts";
import { userById } from "../pager/account.ts";
import type { Agent, Incident } from "../pager/incidents.ts";
import type { Pager } from "../pager/pager.ts";
import { pager as pagerSeed, people, type Person } from "../seed.ts";
import type { PracticeDatabase } from "../database/practice-database.ts";
import { type Models, outcomes } from "../registry/models.ts";
import type { Fault, FaultySystem, PanelCommand, ReleaseKind } from "./panel-api.ts";
import type { createReleases } from "./releases.ts";

const Kind = z.enum(["errors", "slow", "crash", "oom", "nopull", "good"]);
const incidentCommand = { incident: z.string(), person: z.string().optional() };

export const Command = z.discriminatedUnion("command", [
  z.strictObject({ command: z.literal("ship-release"), kind: Kind, app: z.string().optional() }),
  z.strictObject({ command: z.literal("alert-storm"), count: z.int().min(1).max(10_000) }),
  z.strictObject({
    command: z.literal("fault"),
    system: z.enum(["slack", "pagerduty", "kubernetes"]),
    mode: z.enum(["ok", "down", "slow"]),
    delayMs: z.int().min(0).max(60_000).optional(),
  }),
  z.strictObject({ command: z.literal("kill-crai") }),
  z.strictObject({ command: z.literal("start-crai") }),
  z.strictObject({ command: z.literal("acknowledge-incident"), ...incidentCommand }),
  z.strictObject({ command: z.literal("resolve-incident"), ...incidentCommand }),
  z.strictObject({ command: z.literal("add-node") }),
  z.strictObject({ command: z.literal("ship-model"), kind: z.enum(["good", "bad"]) }),
  z.strictObject({ command: z.literal("leak-connections"), count: z.int().min(1).max(20) }),
  z.strictObject({
    command: z.literal("metrics-api"),
    state: z.enum(["serving", "unavailable", "absent"]),
  }),
  z.strictObject({ command: z.literal("image-policy"), on: z.boolean() }),
  z.strictObject({ command: z.literal("reset") }),
]) satisfies z.ZodType<PanelCommand>;
type Command = z.infer<typeof Command>;

/** The command does not fit the present state (409), or a part of the sandbox refused (502). */
export class Refused extends Error {
  override name = "Refused";
  status: 409 | 502;

  constructor(status: 409 | 502, message: string) {
    super(message);
    this.status = status;
  }
}

export interface FaultControl {
  get(): Fault;
  set(fault: Fault): void;
}

export interface CommandContext {
  origin: () => string;
  releases: ReturnType<typeof createReleases>;
  faults: Record<FaultySystem, FaultControl>;
  pager: Pager;
  alertmanager: Alertmanager;
  crai: CraiChild;
  cluster: Pick<Cluster, "store">;
  models: Pick<Models, "register" | "put">;
  database: Pick<PracticeDatabase, "leak">;
}

const systems: Record<FaultySystem, string> = {
  slack: "Slack",
  pagerduty: "PagerDuty",
  kubernetes: "The API server",
};
const defaultDelayMs = 2_000;

/** Carries one command out. @returns what happened, for a person. @throws {Refused} */
export async function carryOut(command: Command, context: CommandContext): Promise<string> {
  switch (command.command) {
    case "ship-release":
      return ship(context, command.kind, command.app);
    case "alert-storm":
      context.alertmanager.receive(storm(command.count, Date.now(), context.origin()));
      return `${command.count} alerts are on their way to crai.`;
    case "fault":
      return setFault(context, command);
    case "kill-crai":
      return kill(context);
    case "start-crai":
      if (["ready", "starting"].includes(context.crai.status().state))
        throw new Refused(409, "crai runs already.");
      context.crai.start();
      return "crai is starting.";
    case "acknowledge-incident":
    case "resolve-incident":
      return actOnIncident(context, command);
    case "add-node":
      return `${addNode(context.cluster.store, new Date())} joined the practice cluster.`;
    case "ship-model": {
      const { number } = context.models.register(outcomes[command.kind]);
      context.models.put(number, new Date(0));
      return `Version ${number} of the model is in force, and the API serves it.`;
    }
    case "leak-connections":
      await context.database.leak(command.count);
      return `The API has left ${command.count} transactions open.`;
    case "metrics-api":
      setMetricsApi(context.cluster.store, command.state, new Date());
      return `The metrics API is ${command.state}.`;
    case "image-policy":
      setImagePolicy(context.cluster.store, command.on, new Date());
      return command.on
        ? "The cluster refuses workloads whose images have no tag."
        : "The cluster takes images without a tag.";
    case "reset":
      return reset(context);
  }
}

async function ship(context: CommandContext, kind: ReleaseKind, name = "api"): Promise<string> {
  const app = practiceApps.find((candidate) => candidate.name === name);
  if (!app)
    throw new Refused(
      409,
      `There is no app "${name}". Choose one of ${practiceApps.map((each) => each.name).join(", ")}.`,
    );
  try {
    const tag = await context.releases.ship(app, kind);
    return `${name} ${tag} is being rolled out.`;
  } catch (error) {
    throw new Refused(502, `The API server did not take the release: ${(error as Error).message}`);
  }
}

function setFault(
  { faults }: CommandContext,
  { system, mode, delayMs }: Command & { command: "fault" },
): string {
  const delay = mode === "slow" ? (delayMs ?? defaultDelayMs) : 0;
  faults[system].set({ mode, delayMs: delay });
  const name = systems[system];
  return {
    ok: `${name} works normally.`,
    down: `${name} is down.`,
    slow: `${name} answers ${delay} ms late.`,
  }[mode];
}

async function kill({ crai }: CommandContext): Promise<string> {
  const { pid } = crai.status();
  if (pid === null) throw new Refused(409, "crai does not run, so there is nothing to kill.");
  await crai.kill();
  return `crai (process ${pid}) was killed; it comes back by itself.`;
}

function actOnIncident(
  { pager }: CommandContext,
  given: Command & { command: "acknowledge-incident" | "resolve-incident" },
): string {
  const incident = pager.incidents.find(given.incident);
  if (!incident) throw new Refused(409, `The pager has no incident ${given.incident}.`);
  if (incident.status === "resolved")
    throw new Refused(409, `Incident #${incident.number} is resolved already.`);
  const agent = personIn(given.person);
  if (given.command === "resolve-incident") {
    pager.incidents.resolve(incident, agent);
    return `${agent.user.name} resolved incident #${incident.number} in PagerDuty.`;
  }
  pager.incidents.acknowledge(incident, agent);
  return `${agent.user.name} acknowledged incident #${incident.number} in PagerDuty.`;
}

/** The person on call unless one is named by Slack user id. */
function personIn(slackId: string | undefined): Agent & { kind: "user" } {
  const person = Object.values<Person>(people).find(({ slack }) => slack === slackId);
  if (slackId !== undefined && !person)
    throw new Refused(409, `There is nobody with the Slack id ${slackId}.`);
  const user = userById(person ? (person.pagerduty ?? "") : (pagerSeed.schedule.onCall[0] ?? ""));
  if (!user) throw new Refused(409, `${person?.name ?? "The person on call"} has no PagerDuty account.`);
  return { kind: "user", user };
}

async function reset(context: CommandContext): Promise<string> {
  for (const fault of Object.values(context.faults)) fault.set({ mode: "ok", delayMs: 0 });
  setMetricsApi(context.cluster.store, "serving", new Date());
  setImagePolicy(context.cluster.store, false, new Date());
  const now = Date.now();
  const storming = context.alertmanager.firing().filter(({ labels }) => labels["alertname"] === stormAlert);
  context.alertmanager.receive(storming.map((alert) => ({ ...alert, endsAt: now })));
  for (const { app, kind } of context.releases.all()) if (kind !== "good") await ship(context, "good", app);
  const open = context.pager.incidents.all.filter((incident: Incident) => incident.status !== "resolved");
  for (const incident of open)
    context.pager.incidents.resolve(incident, personIn(undefined), "Reset of the sandbox");
  if (context.crai.status().state === "stopped") context.crai.start();
  return "Everything outside crai is well again. crai's own record stays.";
}
