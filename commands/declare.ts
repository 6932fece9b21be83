import { actorName } from "../src/domain/actor.ts";
import { isUserError, UserError } from "../src/domain/errors.ts";
import { type Incident, IncidentKind, isConfidential } from "../src/domain/incident.ts";
import { Severity } from "../src/domain/severity.ts";
import { chooseWord } from "../src/engine/commands/choose-word.ts";
import { chooseEnvironment, findApp } from "../src/engine/commands/apps.ts";
import type { Args, Command, CommandContext } from "../src/engine/commands/command.ts";
import { incidentRecord } from "../src/engine/incidents/incident-record.ts";
import { line } from "../src/engine/page.ts";
import type { LoadedPlaybook } from "../src/engine/playbooks/loaded.ts";
import { inputOfType } from "../src/engine/playbooks/read-inputs.ts";
import type { UseCases } from "../src/engine/use-cases.ts";

/** What somebody calls for; the incident of the channel they are in, when it is just that. */
interface Wanted {
  kind: IncidentKind;
  app: string | null;
  environment: string | null;
  here: Incident | null;
}

function wantedOf(args: Args, { incident }: CommandContext, { config }: UseCases): Wanted {
  const kind = chooseWord(args["kind"], IncidentKind, "kind of emergency");
  const app = args["app"] === undefined ? null : findApp(config.apps, args["app"]).name;
  const isHere =
    incident !== null &&
    incident.kind === kind &&
    incident.status !== "resolved" &&
    (app === null || app === incident.app);
  if (isHere) return { kind, app: incident.app, environment: incident.environment, here: incident };
  const environment = app === null ? null : chooseEnvironment(config.apps, app, args["env"] ?? null);
  return { kind, app, environment, here: null };
}

async function open(
  { kind, app, environment, here }: Wanted,
  args: Args,
  context: CommandContext,
  uses: UseCases,
) {
  if (here !== null) return { incident: here, opened: false };
  const { actor, invocation } = context;
  return uses.incidents.declare({
    kind,
    severity: chooseWord(args["severity"] ?? "sev1", Severity, "severity"),
    title: args["reason"] ?? `${app ?? "The system"}: ${kind} declared by ${actorName(actor)}`,
    app,
    environment,
    detectedAt: invocation.at,
    pagerdutyIncident: null,
    actor,
    cause: invocation.id,
  });
}

/** Starts what is to be done in such an emergency; returns what to say of it. */
async function begin(
  playbook: LoadedPlaybook,
  { number, app, environment }: Incident,
  context: CommandContext,
  uses: UseCases,
): Promise<string> {
  const { name } = playbook.metadata;
  const record = await incidentRecord(uses.db, number);
  const before = record?.runs.find((run) => run.playbook === name && run.outcome === null);
  if (before !== undefined) return `R${before.number} is at its checklists already.`;
  const { actor, invocation } = context;
  const input = inputOfType(playbook.inputs, "app");
  const { number: plan } = await uses.planner.make({
    playbook: name,
    app: input === undefined ? null : app,
    environment,
    inputs: {},
    actor,
    incident: number,
    reason: null,
    channel: null,
    key: `declare:${invocation.id}`,
  });
  const decision = await uses.approvals.approve({
    plan,
    actor,
    reason: null,
    breakGlass: false,
    cause: invocation.id,
    channel: null,
  });
  if (decision.result !== "started")
    throw new UserError(`P${plan} of ${name} waits for a yes.`, {
      why: "Only what looks and asks starts by itself.",
      next: "Whoever keeps the playbook sets `risk: observe`.",
    });
  return `R${decision.run.number} asks for what is to be done, phase by phase.`;
}

/** The incident stands whatever keeps its playbook from being started. */
async function begun(...asked: Parameters<typeof begin>): Promise<string> {
  try {
    return await begin(...asked);
  } catch (error) {
    if (!isUserError(error)) throw error;
    const said = [error.message, error.why, error.next].map((text) => text.replace(/([^.!?])$/, "$1."));
    return `Its playbook ${asked[0].metadata.name} was not started: ${said.join(" ")}`;
  }
}

export const declare: Command = {
  name: "declare",
  usage: 'declare <outage|security|breach> [app] [--reason "…"] [--severity sev1…sev4] [--env <environment>]',
  summary: "Call an emergency: its channel opens, with what is to be done and until when",
  examples: [
    'declare outage api --reason "nobody can log in"',
    'declare security api --reason "unknown process in a pod"',
    "declare breach",
  ],
  permission: "incident:declare",
  positionals: ["kind", "app"],
  flags: {
    reason: { type: "string" },
    severity: { type: "string" },
    env: { type: "string" },
  },
  scope: (args, context, uses) => {
    const { app, environment } = wantedOf(args, context, uses);
    return app === null ? {} : { app, environment };
  },
  // What is declared concerns no incident yet, least of all the one in whose channel it is declared.
  concerns: (args, context, uses) => wantedOf(args, context, uses).here?.number ?? null,
  async run(args, context, uses) {
    const wanted = wantedOf(args, context, uses);
    const { incident, opened } = await open(wanted, args, context, uses);
    const playbook = [...uses.playbooks().values()].find(({ on_declare: on }) => on === wanted.kind);
    const doing =
      playbook === undefined
        ? `No playbook says what is to be done (\`on_declare: ${wanted.kind}\`).`
        : await begun(playbook, incident, context, uses);
    const declared = opened
      ? `Declared ${incident.severity} ${incident.kind} #${incident.channelName}. Its channel opens now.`
      : `#${incident.channelName} is open already, ${incident.severity}.`;
    return {
      to: opened && !isConfidential(incident.kind) ? "channel" : "asker",
      view: line(`${declared} ${doing}`),
    };
  },
};
