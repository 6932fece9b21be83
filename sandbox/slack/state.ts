import { randomInt } from "node:crypto";
import { people, slack, team } from "../seed.ts";
import type { Change } from "./changes.ts";
import type { AppManifest } from "./manifest.ts";
import type {
  Channel,
  Headline,
  ResponseUrl,
  ScheduledMessage,
  StoredFile,
  StoredMessage,
  StoredView,
  Trigger,
  User,
} from "./records.ts";

export const slackbot = "USLACKBOT";

/** The one state of the workspace, its clock and its feed of changes. */
export interface State {
  team: typeof team;
  bot: typeof slack.bot;
  signingSecret: string;
  manifest: AppManifest;
  userGroups: readonly { id: string; handle: string; name: string; users: readonly string[] }[];
  users: Map<string, User>;
  /** The users one may act as. */
  people: readonly string[];
  channels: Map<string, Channel>;
  /** By channel, oldest first; ephemerals stand among them. */
  messages: Map<string, StoredMessage[]>;
  files: Map<string, StoredFile>;
  scheduled: Map<string, ScheduledMessage>;
  /** By person, the topmost last. */
  modals: Map<string, StoredView[]>;
  homes: Map<string, StoredView>;
  triggers: Map<string, Trigger>;
  responseUrls: Map<string, ResponseUrl>;
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** A `ts` that no message has and that is later than all given so far. */
  nextTs(): string;
  newId(prefix: string): string;
  emit(change: Change): void;
  /** Returns how to stop listening. */
  listen(listener: (change: Change) => void): () => void;
}

export interface StateOptions {
  manifest: AppManifest;
  now: () => number;
}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** Random, because ids must not come again when the workspace restarts beside an app that remembers them. */
function newId(prefix: string): string {
  return prefix + Array.from({ length: 10 }, () => idLetters[randomInt(idLetters.length)]).join("");
}

function tsClock(now: () => number): () => string {
  let last = 0;
  return () => {
    last = Math.max(last + 1, now() * 1000);
    return `${Math.floor(last / 1_000_000)}.${String(last % 1_000_000).padStart(6, "0")}`;
  };
}

function seededUsers(manifest: AppManifest): Map<string, User> {
  const persons = Object.values(people).map((person) => ({
    id: person.slack,
    name: person.name.toLowerCase(),
    real_name: person.name,
    title: person.title,
    email: person.email,
    is_bot: false,
  }));
  const bots = [
    { id: slack.bot.user, name: slack.bot.name, real_name: manifest.display_information.name },
    { id: slackbot, name: "slackbot", real_name: "Slackbot" },
  ].map((bot) => ({ ...bot, title: "", email: null, is_bot: true }));
  return new Map([...persons, ...bots].map((user) => [user.id, user]));
}

/** Sits in every seeded channel but #general: as in a real workspace, somebody has to invite it there first. */
function isAppIn(channelName: string): boolean {
  return channelName !== "general";
}

/** A workspace as sandbox/seed.ts describes it, with every person in every seeded channel. */
export function createState({ manifest, now }: StateOptions): State {
  const listeners = new Set<(change: Change) => void>();
  const persons = Object.values(people).map((person) => person.slack);
  const created = Math.floor(now() / 1000);
  const nobody: Headline = { value: "", creator: "", last_set: 0 };

  const channels = slack.channels.map(({ id, name }): Channel => ({
    id,
    name,
    kind: "public",
    created,
    creator: persons[0]!,
    is_archived: false,
    topic: { ...nobody },
    purpose: { ...nobody },
    previous_names: [],
    members: new Set(isAppIn(name) ? [...persons, slack.bot.user] : persons),
    bookmarks: [],
    pins: [],
    read: new Map(),
  }));

  return {
    team,
    bot: slack.bot,
    signingSecret: slack.signingSecret,
    manifest,
    userGroups: slack.userGroups,
    users: seededUsers(manifest),
    people: persons,
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    messages: new Map(channels.map(({ id }) => [id, []])),
    files: new Map(),
    scheduled: new Map(),
    modals: new Map(),
    homes: new Map(),
    triggers: new Map(),
    responseUrls: new Map(),
    now,
    nextTs: tsClock(now),
    newId,
    emit(change) {
      for (const listener of listeners) listener(change);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
