import type { webApi } from "@slack/bolt";
import type { Logger } from "pino";
import type { Clock } from "../../../domain/clock.ts";
import type { Person } from "../../../domain/actor.ts";
import type { SlackDelivery } from "../../../engine/inbox.ts";
import type { Place } from "../../../engine/commands/invocation.ts";
import type { Database } from "../../../store/database.ts";
import { receive } from "../../../store/inbox.ts";
import type { InstallationSource } from "../installation.ts";

/** What the listeners need to take something in. */
export interface Desk {
  db: Database;
  client: webApi.WebClient;
  installation: InstallationSource;
  /** The slash command. */
  command: string;
  now: Clock;
  log: Logger;
  /** Something came in. */
  wake: () => void;
  /** Something is to go out. */
  wakeDelivery: () => void;
  /** A display name that was asked for lately. */
  knownName: (user: string) => string | undefined;
  /** crai was let into a channel: what waited to be said there is due. */
  entered: (channel: string) => Promise<void>;
}

/** Names are for showing; an event tells only the ID. */
export function personOf({ knownName }: Desk, user: string, handle?: string): Person {
  return { kind: "person", id: user, name: knownName(user) ?? handle ?? user };
}

/** Slack Connect brings people and messages of other workspaces: what they do is not for us. */
export function isOurs({ installation }: Desk, ...teams: (string | null | undefined)[]): boolean {
  const ours = installation.known()?.team;
  return ours !== undefined && teams.every((team) => team === undefined || team === null || team === ours);
}

type Body<Kind extends SlackDelivery["kind"]> = Omit<Extract<SlackDelivery, { kind: Kind }>, "at">;

/** The one INSERT. A repeated delivery has the same key and changes nothing. */
export async function store<Kind extends Exclude<SlackDelivery["kind"], "invocation">>(
  desk: Desk,
  key: string,
  body: Body<Kind>,
): Promise<void> {
  const at = desk.now();
  await receive(desk.db, {
    source: "slack",
    key,
    body: { ...body, at: at.toISOString() },
    receivedAt: at,
  });
}

/** The same for something a person asked for; its key is the invocation's id. */
export async function storeInvocation(
  desk: Desk,
  given: { id: string; text: string; actor: Person; place: Place },
): Promise<void> {
  const at = desk.now();
  await receive(desk.db, {
    source: "slack",
    key: given.id,
    body: { kind: "invocation", invocation: { ...given, at: at.toISOString() } },
    receivedAt: at,
  });
}
