import { intlFormatDistance } from "date-fns/intlFormatDistance";
import type { Permission } from "../src/domain/access.ts";
import { quoted } from "../src/domain/clean-text.ts";
import { UserError } from "../src/domain/errors.ts";
import { IncidentKind, IncidentRole, isConfidential } from "../src/domain/incident.ts";
import { Severity } from "../src/domain/severity.ts";
import type { Text } from "../src/domain/view.ts";
import { chooseEnvironment, findApp } from "../src/engine/commands/apps.ts";
import { chooseWord } from "../src/engine/commands/choose-word.ts";
import { audienceOf } from "../src/engine/audience.ts";
import type { Args, Command, CommandContext } from "../src/engine/commands/command.ts";
import { incidentOf } from "../src/engine/commands/incident-of.ts";
import type { Reply } from "../src/engine/commands/invocation.ts";
import { mentionedPerson } from "../src/engine/commands/mentioned-person.ts";
import { line, page, table } from "../src/engine/page.ts";
import { isSlackUser } from "../src/engine/people.ts";
import type { UseCases } from "../src/engine/use-cases.ts";
import { visibleTo } from "../src/engine/visible.ts";
import { listIncidents } from "../src/store/incidents.ts";

interface Verb {
  permission: Permission;
  run(args: Args, context: CommandContext, uses: UseCases): Promise<Reply>;
}

/** To everybody where everybody concerned is: in the incident's own channel. */
function audience({ incident, invocation }: CommandContext): "channel" | "asker" {
  return incident !== null && incident.channel === invocation.place.channel ? "channel" : "asker";
}

async function declare(args: Args, context: CommandContext, uses: UseCases): Promise<Reply> {
  const { config, incidents } = uses;
  const title = args["rest"];
  if (title === undefined)
    throw new UserError("What is wrong?", {
      why: "An incident needs a title that people know it by.",
      next: "`incident declare <title>`, in a few words.",
    });
  const app = args["app"] === undefined ? null : findApp(config.apps, args["app"]).name;
  const { incident, opened } = await incidents.declare({
    kind: chooseWord(args["kind"] ?? "outage", IncidentKind, "kind"),
    severity: chooseWord(args["severity"] ?? "sev2", Severity, "severity"),
    title,
    app,
    environment: app === null ? null : chooseEnvironment(config.apps, app, args["env"] ?? null),
    detectedAt: context.invocation.at,
    pagerdutyIncident: null,
    actor: context.actor,
    cause: context.invocation.id,
  });
  if (!opened) {
    const known = `${app} has an open outage already: #${incident.channelName}, ${incident.severity}, ${incident.status}.`;
    return { to: "asker", view: line(known) };
  }
  const summary = `Declared ${incident.severity} ${incident.kind} #${incident.channelName}. Its channel opens now.`;
  return { to: isConfidential(incident.kind) ? "asker" : "channel", view: line(summary) };
}

async function list(args: Args, { actor, invocation, now }: CommandContext, { db, authorizer }: UseCases) {
  const all = args["all"] === "true";
  const audience = audienceOf(invocation.place);
  const found = await listIncidents(db, {
    ...(all ? {} : { status: ["open", "mitigated"] }),
    audience,
    limit: 50,
  });
  const shown = await visibleTo(authorizer, actor, "incident:read", found);
  if (shown.length === 0)
    return { to: "asker", view: line(all ? "There was no incident yet." : "No incident is open.") } as const;
  const rows = shown.map(({ channel, channelName, ...incident }): Text[] => [
    channel === null ? channelName : { channel, name: channelName },
    incident.severity,
    incident.status,
    incident.app ?? incident.kind,
    incident.title,
    intlFormatDistance(incident.detectedAt, now(), { locale: "en" }),
  ]);
  const columns = ["Incident", "Severity", "Status", "App", "What", "Since"];
  return { to: "asker", view: page(all ? "Incidents" : "Open incidents", table(columns, rows)) } as const;
}

async function setSeverity(
  args: Args,
  context: CommandContext,
  { config, incidents }: UseCases,
): Promise<Reply> {
  const before = incidentOf(context);
  const { actor, invocation } = context;
  const wanted = chooseWord(args["rest"], Severity, "severity");
  const reason = args["reason"] ?? null;
  if (before.severity === wanted)
    return { to: "asker", view: line(`${before.channelName} is ${wanted} already.`) };
  await incidents.setSeverity(before.number, wanted, { actor, cause: invocation.id, reason });
  const why = reason === null ? "." : `: ${reason}`;
  const means = config.severities === undefined ? "" : ` (${config.severities[wanted].means})`;
  const said = `${actor.name} changed the severity of ${before.channelName} from ${before.severity} to ${wanted}${means}${why}`;
  return { to: audience(context), view: line(said) };
}

async function assignRole(args: Args, context: CommandContext, uses: UseCases): Promise<Reply> {
  const incident = incidentOf(context);
  const { actor, invocation } = context;
  const [first, ...others] = (args["rest"] ?? "").split(" ");
  const role = chooseWord(first === "" ? undefined : first, IncidentRole, "incident role");
  const person = await mentionedPerson(others.join(" ") || undefined, actor, uses.directory);
  await uses.incidents.assignRole(incident.number, role, person, { actor, cause: invocation.id });
  return { to: audience(context), view: line(`${person.name} is ${role} of ${incident.channelName}.`) };
}

async function listRoles(_args: Args, context: CommandContext, { directory }: UseCases): Promise<Reply> {
  const { roles, channelName } = incidentOf(context);
  const facts = await Promise.all(
    IncidentRole.options.map(async (role) => {
      const person = roles[role];
      const name =
        person === undefined || !isSlackUser(person)
          ? (person ?? "nobody")
          : await directory.displayName(person);
      return {
        label: role[0]!.toUpperCase() + role.slice(1),
        value: person === undefined ? name : { person, name },
      };
    }),
  );
  return { to: "asker", view: page(`Roles in ${channelName}`, { type: "facts", facts }) };
}

const verbs: Record<string, Verb> = {
  list: { permission: "incident:read", run: list },
  declare: { permission: "incident:declare", run: declare },
  severity: { permission: "incident:update", run: setSeverity },
  role: { permission: "incident:update", run: assignRole },
  roles: { permission: "incident:read", run: listRoles },
};

function verbOf(args: Args): Verb {
  const name = args["verb"]?.toLowerCase() ?? "list";
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb) return verb;
  throw new UserError(`incident does not know ${quoted(name)}.`, {
    why: `It knows: ${Object.keys(verbs).join(", ")}.`,
    next: `Usage: \`${incident.usage}\``,
  });
}

export const incident: Command = {
  name: "incident",
  usage:
    "incident [list [--all]] | [declare <title> [--kind outage|security|breach] [--severity sev1…sev4] [--app <app>] [--env <environment>]] | [severity <severity> [--reason …]] | [roles] | [role <role> <@person>]",
  summary:
    "See the open incidents, open one without a checklist (`declare` has one), change severity and roles",
  examples: [
    "incident",
    'incident declare "api returns 500 since noon" --app api --severity sev1',
    "incident declare leaked credentials --kind security",
    'incident severity sev1 --reason "all customers"',
    "incident role commander @robin",
  ],
  permission: "incident:read",
  inTurn: true,
  permissionOf: (args) => verbOf(args).permission,
  positionals: ["verb", "rest…"],
  flags: {
    all: { type: "boolean" },
    kind: { type: "string" },
    severity: { type: "string" },
    app: { type: "string" },
    env: { type: "string" },
    reason: { type: "string" },
  },
  scope: (args, { incident: here }, { config }) => {
    const verb = args["verb"]?.toLowerCase() ?? "list";
    if (verb === "list") return "anywhere";
    if (verb !== "declare")
      return { app: here?.app ?? undefined, environment: here?.environment ?? undefined };
    if (args["app"] === undefined) return {};
    const app = findApp(config.apps, args["app"]).name;
    return { app, environment: chooseEnvironment(config.apps, app, args["env"] ?? null) };
  },
  // What is declared concerns no incident yet, least of all the one in whose channel it is declared.
  concerns: (args, { incident: here }) =>
    args["verb"]?.toLowerCase() === "declare" ? null : (here?.number ?? null),
  run: (args, context, uses) => verbOf(args).run(args, context, uses),
};
