import type { Logger } from "pino";
import type { Clock } from "../domain/clock.ts";
import { isUserError, UserError } from "../domain/errors.ts";
import type { Incident } from "../domain/incident.ts";
import { isConfidential } from "../domain/incident.ts";
import type { Database } from "../store/database.ts";
import { incidentByNumber, incidentOfChannel } from "../store/incidents.ts";
import { appendEntry } from "../store/timeline.ts";
import type { Args, Command, CommandContext } from "./command.ts";
import type { Invocation, Reply } from "./invocation.ts";
import { parseCommand } from "./parse-command.ts";
import { brokenView, refusalView } from "./refusal-view.ts";
import type { UseCases } from "./use-cases.ts";

export type Dispatch = (invocation: Invocation) => Promise<Reply>;

export interface DispatchOptions {
  commands: readonly Command[];
  uses: UseCases;
  now: Clock;
  log: Logger;
}

/** Text to an answer: parse, authorize, run. Every surface comes through here; no command checks rights by itself. */
export function createDispatch({ commands, uses, now, log }: DispatchOptions): Dispatch {
  return async (invocation) => {
    const incident = await incidentOfPlace(uses.db, invocation);
    try {
      const { command, args } = parseCommand(invocation.text, commands);
      const about =
        args["incident"] === undefined ? incident : await namedIncident(uses.db, args["incident"]);
      const context: CommandContext = { invocation, actor: invocation.actor, incident: about, now };
      await demand(command, args, context, uses);
      return await command.run(args, context, uses);
    } catch (error) {
      if (isUserError(error)) {
        if (incident) await recordRefusal(uses.db, { incident, invocation, error, at: now() });
        return { to: "asker", view: refusalView(error), trouble: "refused" };
      }
      const reference = invocation.id.slice(-8);
      log.error({ err: error, reference, command: invocation.text.split(" ")[0] }, "command broke");
      return { to: "asker", view: brokenView(reference), trouble: "broken" };
    }
  };
}

async function incidentOfPlace(db: Database, { place }: Invocation): Promise<Incident | null> {
  return place.channel === null ? null : ((await incidentOfChannel(db, place.channel)) ?? null);
}

async function namedIncident(db: Database, text: string): Promise<Incident> {
  const number = /^(?:inc-)?0*(\d{1,9})(?:-.*)?$/i.exec(text)?.[1];
  const incident = number === undefined ? undefined : await incidentByNumber(db, Number(number));
  if (!incident)
    throw new UserError(`There is no incident "${text}".`, { next: "`incident list` shows them." });
  return incident;
}

async function demand(command: Command, args: Args, context: CommandContext, uses: UseCases): Promise<void> {
  const { incident, actor, invocation } = context;
  // A confidential incident is seen from its own channel, where only its members are.
  if (
    incident &&
    isConfidential(incident.kind) &&
    incident.channel !== null &&
    invocation.place.channel !== incident.channel &&
    invocation.place.surface !== "cli"
  ) {
    throw new UserError(`There is no incident "${incident.number}".`, {
      next: "`incident list` shows them.",
    });
  }
  const permission = command.permissionOf?.(args) ?? command.permission;
  if (permission === null) return;
  const byDefault = { app: incident?.app ?? undefined, environment: incident?.environment ?? undefined };
  const scope = command.scope === undefined ? byDefault : await command.scope(args, context, uses);
  await uses.authorizer.demand(actor, permission, scope);
}

interface Refusal {
  incident: Incident;
  invocation: Invocation;
  error: UserError;
  at: Date;
}

/** A refusal in an incident's channel is part of what happened. */
async function recordRefusal(db: Database, { incident, invocation, error, at }: Refusal): Promise<void> {
  await db.transaction().execute((trx) =>
    appendEntry(trx, {
      stream: `incident:${incident.number}`,
      at,
      key: `refused:${invocation.id}`,
      actor: invocation.actor,
      fact: {
        kind: "command.refused",
        command: invocation.text,
        what: error.message,
        why: error.why ?? null,
      },
    }),
  );
}
