import type { ParseArgsOptionDescriptor } from "node:util";
import type { Clock } from "../domain/clock.ts";
import type { Permission, Scope } from "../domain/access.ts";
import type { Person } from "../domain/actor.ts";
import type { Incident } from "../domain/incident.ts";
import type { Attachment, View } from "../domain/view.ts";
import type { UseCases } from "./use-cases.ts";

/** Where a command was given. */
export interface Place {
  surface: "slash" | "button" | "mention" | "shortcut" | "home" | "cli";
  /** Slack channel ID; null on the command line and in App Home. */
  channel: string | null;
  thread: string | null;
  responseUrl: string | null;
}

/** One thing a person asked for, however they asked. `id` is the cause of all its effects. */
export interface Invocation {
  id: string;
  text: string;
  actor: Person;
  place: Place;
  at: Date;
}

/**
 * What a command answers. `asker`: only they see it; `channel`: everybody in the place it was given; `said`: it stands
 * in Slack already (a plan's own message), only a terminal still has to print it.
 */
export interface Reply {
  to: "asker" | "channel" | "said";
  view: View;
  /** Longer than a message should be: the thread below it in Slack, printed after it in a terminal. */
  details?: View;
  attachments?: Attachment[];
}

/** Values of parsed flags and positionals, by name; all text until the command reads them. */
export type Args = Readonly<Record<string, string | undefined>>;

export interface CommandContext {
  invocation: Invocation;
  actor: Person;
  /** The incident of the channel it was given in, or the one named by --incident. */
  incident: Incident | null;
  now: Clock;
}

/**
 * One `/crai` subcommand: a declarative object in commands/. `authorize` is called by dispatch with `permission` and
 * `scope`; a command's body never checks rights.
 */
export interface Command {
  name: string;
  /** `rollback [app] [--to <revision>]`: shown in help and in refusals. */
  usage: string;
  summary: string;
  examples: string[];
  permission: Permission | null;
  /** Names of positionals in order; a last name ending in `…` takes the rest of the line. */
  positionals: string[];
  flags: Record<string, ParseArgsOptionDescriptor>;
  /** What the request is about, for `authorize`; default: the incident's app. */
  scope?(args: Args, context: CommandContext, uses: UseCases): Promise<Scope> | Scope;
  run(args: Args, context: CommandContext, uses: UseCases): Promise<Reply>;
}
