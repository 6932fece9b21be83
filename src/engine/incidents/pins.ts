import { addMilliseconds } from "date-fns/addMilliseconds";
import { parseISO } from "date-fns/parseISO";
import type { Logger } from "pino";
import type { Clock } from "../../domain/clock.ts";
import type { Person } from "../../domain/actor.ts";
import type { Incident } from "../../domain/incident.ts";
import type { Database } from "../../store/database.ts";
import { setDeadline } from "../../store/deadlines.ts";
import { incidentOfChannel } from "../../store/incidents.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry, entryByKey } from "../../store/timeline.ts";
import { isUserError } from "../../domain/errors.ts";
import type { Authorizer } from "../authorizer.ts";
import { refusalView, withCode } from "../commands/refusal-view.ts";
import type { SlackDelivery } from "../inbox.ts";
import { line } from "../page.ts";
import type { Chat, Directory } from "../ports.ts";
import { say } from "../record.ts";

type Pinned = Pick<SlackDelivery & { kind: "message.pinned" }, "by" | "channel" | "ts">;
type Changed = SlackDelivery & { kind: "message.changed" };

export interface Pins {
  /** A message becomes an entry of its channel's incident, once, whoever wrote it. */
  pinned(delivery: Pinned): Promise<void>;
  /** It was edited or deleted later: the entry stays, an amendment says so. `cause` = the event's key. */
  changed(delivery: Changed, cause: string): Promise<void>;
  /** Slack did not answer when it was pinned: asks again; returns when to ask once more. For deadlines `pin.read`. */
  readAgain(subject: Row<"deadline">["subject"]): Promise<Date | undefined>;
}

export interface PinsOptions {
  db: Database;
  chat: Pick<Chat, "message">;
  directory: Pick<Directory, "displayName">;
  authorizer: Pick<Authorizer, "demand">;
  wakeOutbox: () => void;
  now: Clock;
  log: Logger;
}

/** ms between two questions while Slack does not answer, and until the entry is written without the text. */
const ASK_EVERY = 10_000;
const PATIENCE = 900_000;

type Shown = NonNullable<Awaited<ReturnType<Chat["message"]>>>;

const unreadable = { text: "Slack did not show this message.", authorName: "somebody", link: null };

function pinKey({ channel, ts }: Pick<Pinned, "channel" | "ts">): string {
  return `pinned:${channel}:${ts}`;
}

export function createPins({ db, chat, directory, authorizer, wakeOutbox, now, log }: PinsOptions): Pins {
  async function named(person: Person): Promise<Person> {
    return { ...person, name: await directory.displayName(person.id).catch(() => person.name) };
  }

  async function tellNoIncident({ by, channel, ts }: Pinned): Promise<void> {
    const why = "This channel belongs to no incident, so the message is on no timeline.";
    const next = "Pin it in an incident's channel, or type `note … --incident 12`.";
    const view = { ...line(why), blocks: [{ type: "text", text: withCode(`${why} ${next}`) }] } as const;
    const message = { do: "ephemeral", channel, user: by.id, view } as const;
    const key = `${pinKey({ channel, ts })}:no-incident:${by.id}`;
    await say(db, { key, about: null }, message, now());
    wakeOutbox();
  }

  /** Whether this person may write on the timeline; if not, they hear why, and the timeline has it that they tried. */
  async function mayWrite({ number, app, environment }: Incident, pin: Pinned): Promise<boolean> {
    const { by, channel } = pin;
    try {
      await authorizer.demand(by, "timeline:write", {
        app: app ?? undefined,
        environment: environment ?? undefined,
      });
      return true;
    } catch (error) {
      if (!isUserError(error)) throw error;
      const key = `${pinKey(pin)}:refused:${by.id}`;
      const { message: what, why } = error;
      await db.transaction().execute(async (trx) => {
        await appendEntry(trx, {
          stream: `incident:${number}`,
          at: now(),
          key,
          actor: by,
          fact: { kind: "command.refused", command: "📌", what, why },
        });
        const view = refusalView(error);
        await say(trx, { key, about: number }, { do: "ephemeral", channel, user: by.id, view }, now());
      });
      wakeOutbox();
      return false;
    }
  }

  async function record(incident: Incident, pin: Pinned, message: Shown | null): Promise<void> {
    const actor = await named(pin.by);
    const { text, authorName: author, link } = message ?? unreadable;
    await db.transaction().execute(async (trx) => {
      const entry = await appendEntry(trx, {
        stream: `incident:${incident.number}`,
        at: now(),
        key: pinKey(pin),
        actor,
        fact: { kind: "message.pinned", text, author, link },
      });
      // A reaction shows everybody that it is on the record, and is no message.
      if (entry && message !== null)
        await say(
          trx,
          { key: `${pinKey(pin)}:seen`, about: incident.number },
          { do: "react", channel: pin.channel, ts: pin.ts, emoji: "memo" },
          now(),
        );
    });
    wakeOutbox();
  }

  /** Returns when to ask again; undefined: done. A message that Slack never shows was pinned all the same. */
  async function take(pin: Pinned, since: Date): Promise<Date | undefined> {
    const incident = await incidentOfChannel(db, pin.channel);
    if (!incident) {
      await tellNoIncident(pin);
      return undefined;
    }
    if (await entryByKey(db, `incident:${incident.number}`, pinKey(pin))) return undefined;
    if (!(await mayWrite(incident, pin))) return undefined;
    let message: Shown | null = null;
    try {
      message = await chat.message(pin.channel, pin.ts);
    } catch (err) {
      log.warn({ err }, "a pinned message could not be read");
      if (now().getTime() - since.getTime() < PATIENCE) return addMilliseconds(now(), ASK_EVERY);
    }
    await record(incident, pin, message);
    return undefined;
  }

  return {
    async pinned({ by, channel, ts }) {
      const since = now();
      const dueAt = await take({ by, channel, ts }, since);
      if (dueAt === undefined) return;
      const subject = { channel, ts, user: by.id, name: by.name, since: since.toISOString() };
      await setDeadline(db, { key: `${pinKey({ channel, ts })}:read`, kind: "pin.read", subject, dueAt });
    },

    readAgain({ channel, ts, user, name, since }) {
      const by: Person = { kind: "person", id: String(user), name: String(name) };
      return take({ by, channel: String(channel), ts: String(ts) }, parseISO(String(since)));
    },

    async changed({ by, channel, ts, text }, cause) {
      const incident = await incidentOfChannel(db, channel);
      const stream = incident && (`incident:${incident.number}` as const);
      const entry = stream && (await entryByKey(db, stream, pinKey({ channel, ts })));
      if (!stream || !entry) return;
      const actor = await named(by);
      const { seq } = entry;
      const said = text === null ? "Deleted in Slack." : `Edited to: ${text}`;
      await db.transaction().execute((trx) =>
        appendEntry(trx, {
          stream,
          at: now(),
          key: `amended:${cause}`,
          actor,
          fact: { kind: "entry.amended", seq, text: said },
        }),
      );
    },
  };
}
