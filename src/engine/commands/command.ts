import type { ParseArgsOptionDescriptor } from "node:util";
import type { Clock } from "../../domain/clock.ts";
import type { Permission, Scope } from "../../domain/access.ts";
import type { Person } from "../../domain/actor.ts";
import type { Incident } from "../../domain/incident.ts";
import type { Invocation, Reply } from "./invocation.ts";
import type { UseCases } from "../use-cases.ts";

/** Values of parsed flags and positionals, by name; all text until the command reads them. */
export type Args = Readonly<Record<string, string | undefined>>;

export interface CommandContext {
  invocation: Invocation;
  actor: Person;
  /** The incident of the channel it was given in, or the one named by --incident. */
  incident: Incident | null;
  now: Clock;
}

/** One thing, each of several, or whatever the asker may see of it. */
export type AskedScope = Scope | readonly Scope[] | "anywhere";

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
  /**
   * It changes what the next one goes by, and is quick: those of one channel are carried out in the order in which they
   * were given. What may take long holds nobody up.
   */
  inTurn?: true;
  /** Where the verbs of one command need different rights; `permission` is then what help goes by. */
  permissionOf?(args: Args): Permission;
  /** It starts the playbook of its own name, in place of the command that would be made of that. */
  startsPlaybook?: true;
  /** Names of positionals in order; a last name ending in `…` takes the rest of the line. */
  positionals: string[];
  flags: Record<string, ParseArgsOptionDescriptor>;
  /** Without `permission`: any of these, for any app, puts it into somebody's help. */
  helpsWith?: readonly Permission[];
  /**
   * What the request is about, for `authorize`; default: the incident's app. `anywhere`: the right to it for one app is
   * enough, because the answer holds only what the asker may see.
   */
  scope?(args: Args, context: CommandContext, uses: UseCases): Promise<AskedScope> | AskedScope;
  /** What it does stands on the timeline of the incident it concerns: it needs the right to write there too. */
  records?: true;
  /** Number of the incident it concerns, on whose timeline a refusal stands; default: the context's. */
  concerns?(args: Args, context: CommandContext, uses: UseCases): Promise<number | null> | number | null;
  run(args: Args, context: CommandContext, uses: UseCases): Promise<Reply>;
}
