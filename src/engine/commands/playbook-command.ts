import type { ParseArgsOptionDescriptor } from "node:util";
import type { Incident } from "../../domain/incident.ts";
import { openOutage } from "../../store/incidents.ts";
import type { LoadedPlaybook, Playbooks } from "../playbooks/loaded.ts";
import { inputOfType } from "../playbooks/read-inputs.ts";
import { takesEnvironment, usageOf, wordsOf } from "../playbooks/usage.ts";
import type { Json } from "../ports.ts";
import type { UseCases } from "../use-cases.ts";
import { appOf, environmentOf } from "./apps.ts";
import type { Args, Command, CommandContext } from "./command.ts";
import { recordedIn } from "./incident-of.ts";
import type { Reply } from "./invocation.ts";

interface About {
  app: string | null;
  environment: string | null;
}

/** The app and environment that somebody means: those they typed, else those of the incident they are in, else the usual ones. */
function aboutOf(
  { inputs }: LoadedPlaybook,
  args: Args,
  here: Incident | null,
  { config: { apps } }: Pick<UseCases, "config">,
): About {
  const names = { app: inputOfType(inputs, "app"), environment: inputOfType(inputs, "environment") };
  const typed = names.environment === undefined ? args["env"] : args[names.environment];
  if (names.app === undefined) return { app: null, environment: typed ?? here?.environment ?? null };
  const usual = inputs[names.app]?.default;
  const named = args[names.app] ?? here?.app ?? (typeof usual === "string" ? usual : undefined);
  const app = appOf(apps, named, here).name;
  return { app, environment: environmentOf(apps, { app, environment: typed }, here) };
}

/** Asked elsewhere while the app burns, it still belongs to that incident's record. */
export async function incidentFor(
  { app, environment }: About,
  here: Incident | null,
  { db }: Pick<UseCases, "db">,
): Promise<number | null> {
  const outage =
    app === null || environment === null || here?.app === app ? here : await openOutage(db, app, environment);
  return recordedIn(here, outage?.number ?? here?.number ?? null);
}

function flagsOf(playbook: LoadedPlaybook): Record<string, ParseArgsOptionDescriptor> {
  const words = wordsOf(playbook);
  const own = Object.entries(playbook.inputs)
    .filter(([name]) => !words.includes(name))
    .map(
      ([name, { type, list }]) =>
        [name, { type: type === "boolean" && !list ? "boolean" : "string" } as const] as const,
    );
  return {
    ...(takesEnvironment(playbook) && { env: { type: "string" } }),
    ...Object.fromEntries(own),
    reason: { type: "string" },
  };
}

function inputsOf({ inputs }: LoadedPlaybook, args: Args): Record<string, Json> {
  return Object.fromEntries(Object.keys(inputs).map((name) => [name, args[name] ?? null]));
}

/** What only reads needs nobody's yes: asking for it is enough. */
export async function runAtOnce(
  plan: number,
  { invocation, actor }: CommandContext,
  { approvals, planMessages }: UseCases,
): Promise<Reply> {
  const decision = await approvals.approve({
    plan,
    actor,
    reason: null,
    breakGlass: false,
    cause: invocation.id,
    channel: invocation.place.channel,
  });
  if (decision.result !== "started") return planMessages.present(decision.stored, invocation);
  const { stored, run } = decision;
  return planMessages.answer(stored, `R${run.number} runs: ${stored.plan.title}.`, invocation);
}

function commandOf(playbook: LoadedPlaybook): Command {
  const { metadata, command, permission } = playbook;
  const { name } = metadata;
  return {
    name,
    usage: usageOf(playbook),
    summary: command?.summary ?? metadata.title,
    examples: command?.examples.length ? command.examples : [name],
    permission,
    positionals: wordsOf(playbook),
    flags: flagsOf(playbook),
    // Which apps it comes to is known when it is planned, and rights are asked for each of them then.
    scope: (args, { incident }, uses) => {
      const about = aboutOf(playbook, args, incident, uses);
      return about.app === null ? "anywhere" : about;
    },
    concerns: (args, { incident }, uses) =>
      incidentFor(aboutOf(playbook, args, incident, uses), incident, uses),
    records: true,
    async run(args, context, uses) {
      const { invocation, actor, incident: here } = context;
      const about = aboutOf(playbook, args, here, uses);
      const stored = await uses.planner.make({
        playbook: name,
        ...about,
        inputs: inputsOf(playbook, args),
        actor,
        incident: await incidentFor(about, here, uses),
        reason: args["reason"] ?? null,
        channel: invocation.place.channel,
        key: invocation.id,
      });
      const isBlocked = stored.plan.warnings.some(({ level }) => level === "block");
      return stored.plan.risk === "observe" && !isBlocked
        ? runAtOnce(stored.number, context, uses)
        : uses.planMessages.present(stored, invocation);
    },
  };
}

/** Names that no playbook with a command may have: it could not be started. */
export function takenNames(catalogue: readonly Command[]): ReadonlySet<string> {
  return new Set(catalogue.filter(({ startsPlaybook }) => startsPlaybook !== true).map(({ name }) => name));
}

/** Made once for each set of playbooks in force, and each catalogue. */
const made = new WeakMap<Playbooks, Map<readonly Command[], readonly Command[]>>();

/** The commands of the catalogue, and one for each playbook that people may start; a file in commands/ goes first. */
export function commandsOf(catalogue: readonly Command[], playbooks: Playbooks): readonly Command[] {
  const before = made.get(playbooks) ?? new Map<readonly Command[], readonly Command[]>();
  const known = before.get(catalogue);
  if (known) return known;
  const taken = new Set(catalogue.map(({ name }) => name));
  const all = [
    ...catalogue,
    ...[...playbooks.values()]
      .filter(({ command, metadata }) => command !== undefined && !taken.has(metadata.name))
      .map(commandOf),
  ];
  made.set(playbooks, before.set(catalogue, all));
  return all;
}
