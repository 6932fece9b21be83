import type { Logger } from "pino";
import { actorKey } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import { isError, isUserError, NotAllowed, UserError } from "../../domain/errors.ts";
import { digest } from "../../domain/hash.ts";
import type { Incident } from "../../domain/incident.ts";
import type { Database } from "../../store/database.ts";
import { incidentByNumber, incidentOfChannel } from "../../store/incidents.ts";
import { appendEntry } from "../../store/timeline.ts";
import { findIncident } from "../audience.ts";
import { mayAnywhere, visibleApps } from "../visible.ts";
import { AppUnknown } from "./apps.ts";
import type { Args, Command, CommandContext } from "./command.ts";
import type { Invocation, Reply } from "./invocation.ts";
import { parseCommand } from "./parse-command.ts";
import { commandsOf } from "./playbook-command.ts";
import { brokenView, type Refusal, refusalView } from "./refusal-view.ts";
import type { UseCases } from "../use-cases.ts";

export type Dispatch = (invocation: Invocation) => Promise<Reply>;

export interface DispatchOptions {
  commands: readonly Command[];
  uses: UseCases;
  now: Clock;
  log: Logger;
}

/** Characters of a command that a timeline keeps. */
const QUOTED = 1000;

/** Text to an answer: parse, authorize, run. Every surface comes through here; no command checks rights by itself. */
export function createDispatch({ commands, uses, now, log }: DispatchOptions): Dispatch {
  // A playbook's file that appears is a command from then on.
  const known = (): readonly Command[] => commandsOf(commands, uses.playbooks());

  /** The commands it names as they are typed there: `help` is `/crai help` in Slack and `crai help` in a terminal. */
  function asTyped({ message, why, next }: UserError, { place }: Invocation): Refusal {
    const first = place.surface === "cli" ? "crai" : uses.config.slack.command;
    const names = known().map(({ name }) => name);
    const mentioned = new RegExp(`\`(?=(?:${names.join("|")})\\b)`, "g");
    const typed = (text: string): string => text.replaceAll(mentioned, `\`${first} `);
    return { message: sentence(message), why: sentence(typed(why)), next: typed(next) };
  }

  return async (invocation) => {
    const here = await incidentOfPlace(uses.db, invocation);
    // By its first word alone, until it is known that they may ask that: nobody knows whom the rest was meant for.
    const refused: Refused = { incident: here?.number ?? null, isKnown: false };
    try {
      const { command, args } = parseCommand(invocation.text, known());
      refused.incident = null;
      const named = args["incident"];
      const incident = named === undefined ? here : await findIncident(uses.db, named, invocation.place);
      refused.incident = incident?.number ?? null;
      const context: CommandContext = { invocation, actor: invocation.actor, incident, now };
      if (command.concerns) refused.incident = await command.concerns(args, context, uses);
      await demand(command, args, context, uses);
      if (command.records === true) await demandToWrite(refused.incident, context, uses);
      refused.isKnown = true;
      return { ...(await command.run(args, context, uses)), about: refused.incident };
    } catch (thrown) {
      const error = await asRefusal(thrown, invocation, uses);
      if (isUserError(error)) {
        await recordRefusal(uses.db, { ...refused, invocation, error, at: now() });
        return { to: "asker", view: refusalView(asTyped(error, invocation)), trouble: "refused" };
      }
      const reference = invocation.id.slice(-8);
      log.error({ err: error, reference, command: firstWord(invocation) }, "command broke");
      return { to: "asker", view: brokenView(reference), trouble: "broken" };
    }
  };
}

/** With a full stop, unless it ends in a sign of its own. */
function sentence(text: string): string {
  return /[\p{L}\p{N})"'%]$/u.test(text) ? `${text}.` : text;
}

function firstWord({ text }: Invocation): string {
  return (text.split(/\s/)[0] ?? "").slice(0, 40);
}

/** Nothing a command does by itself changes a cluster, so one that does not answer is nobody's fault and no harm. */
async function asRefusal(
  error: unknown,
  { actor }: Invocation,
  { authorizer, config }: UseCases,
): Promise<unknown> {
  if (error instanceof AppUnknown) return error.among(await visibleApps(authorizer, config.apps, actor));
  if (!isError(error, "ClusterUnreachable")) return error;
  return new UserError(error.message, {
    why: "It was asked several times. Nothing was changed.",
    next: "Try again in a moment; `doctor` shows what answers.",
    cause: error,
  });
}

async function incidentOfPlace(db: Database, { place }: Invocation): Promise<Incident | null> {
  return place.channel === null ? null : ((await incidentOfChannel(db, place.channel)) ?? null);
}

async function demand(command: Command, args: Args, context: CommandContext, uses: UseCases): Promise<void> {
  const { incident, actor } = context;
  const permission = command.permissionOf?.(args) ?? command.permission;
  if (permission === null) return;
  const byDefault = { app: incident?.app ?? undefined, environment: incident?.environment ?? undefined };
  const scope = command.scope === undefined ? byDefault : await command.scope(args, context, uses);
  if (scope !== "anywhere") {
    for (const one of [scope].flat()) await uses.authorizer.demand(actor, permission, one);
    return;
  }
  if (await mayAnywhere(uses.authorizer, uses.config.apps, actor, permission)) return;
  await uses.authorizer.demand(actor, permission, {});
}

/** Rights to an app are none to the record of another app's incident. */
async function demandToWrite(
  number: number | null,
  { actor }: CommandContext,
  { db, authorizer }: UseCases,
): Promise<void> {
  const incident = number === null ? undefined : await incidentByNumber(db, number);
  if (incident === undefined) return;
  const { app, environment } = incident;
  await authorizer.demand(actor, "timeline:write", {
    app: app ?? undefined,
    environment: environment ?? undefined,
  });
}

interface Refused {
  /** On whose timeline it stands; null: on none. */
  incident: number | null;
  /** They may ask that. */
  isKnown: boolean;
}

/**
 * A refusal that concerns an incident is part of what happened. Of somebody who may not ask that it is the kind of
 * command, and one entry for all its repetitions: whoever has no rights must not write a timeline full.
 */
async function recordRefusal(
  db: Database,
  {
    incident,
    isKnown,
    invocation,
    error,
    at,
  }: Refused & { invocation: Invocation; error: UserError; at: Date },
): Promise<void> {
  if (incident === null) return;
  const isWhole = isKnown && !(error instanceof NotAllowed);
  const command = isWhole ? invocation.text.slice(0, QUOTED) : firstWord(invocation);
  const repeated = [actorKey(invocation.actor), command, error.message];
  await db.transaction().execute((trx) =>
    appendEntry(trx, {
      stream: `incident:${incident}`,
      at,
      key: `refused:${isWhole ? invocation.id : digest(repeated)}`,
      actor: invocation.actor,
      fact: { kind: "command.refused", command, what: sentence(error.message), why: sentence(error.why) },
    }),
  );
}
