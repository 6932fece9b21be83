import { addMilliseconds } from "date-fns";
import type { Logger } from "pino";
import type { Clock } from "../domain/clock.ts";
import type { Person } from "../domain/actor.ts";
import type { Incident } from "../domain/incident.ts";
import type { Database } from "../store/database.ts";
import { setDeadline } from "../store/deadlines.ts";
import { incidentOfChannel } from "../store/incidents.ts";
import type { Row } from "../store/tables.ts";
import { appendEntry, entryByKey } from "../store/timeline.ts";
import type { SlackDelivery } from "./inbox.ts";
import { line } from "./page.ts";
import type { Chat, Directory } from "./ports.ts";
import { say } from "./record.ts";

type Pinned = Pick<SlackDelivery & { kind: "message.pinned" }, "by" | "channel" | "ts">;
type Changed = SlackDelivery & { kind: "message.changed" };

export interface Pins {
  /** A message becomes an entry of its channel's incident, once, whoever wrote it. */
  pinned(delivery: Pinned): Promise<void>;
  /** It was edited or deleted later: the entry stays, an amendment says so. `cause` = the event's key. */
  changed(delivery: Changed, cause: string): Promise<void>;
  /** Slack did not show the message when it was pinned: asks again. For deadlines of the kind `pin.read`. */
  readAgain(subject: Row<"deadline">["subject"]): Promise<void>;
}

export interface PinsOptions {
  db: Database;
  chat: Pick<Chat, "message">;
  directory: Pick<Directory, "displayName">;
  wakeOutbox: () => void;
  now: Clock;
  log: Logger;
}

/** Doubling from one second, this is about a quarter of an hour. */
const ATTEMPTS = 10;

type Shown = NonNullable<Awaited<ReturnType<Chat["message"]>>>;

const unreadable = { text: "Slack did not show this message.", authorName: "somebody", link: null };

function pinKey({ channel, ts }: Pick<Pinned, "channel" | "ts">): string {
  return `pinned:${channel}:${ts}`;
}

export function createPins({ db, chat, directory, wakeOutbox, now, log }: PinsOptions): Pins {
  async function named(person: Person): Promise<Person> {
    return { ...person, name: await directory.displayName(person.id).catch(() => person.name) };
  }

  async function tellNoIncident({ by, channel, ts }: Pinned): Promise<void> {
    const view = line(
      "This channel belongs to no incident, so the message is on no timeline. Pin it in an incident's channel, or type `note … --incident 12`.",
    );
    const message = { do: "ephemeral", channel, user: by.id, view } as const;
    await say(db, `${pinKey({ channel, ts })}:no-incident:${by.id}`, message, now());
    wakeOutbox();
  }

  async function record(incident: Incident, pin: Pinned, attempt: number): Promise<void> {
    const message = await read(pin, attempt);
    if (message === "later") return;
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
          `${pinKey(pin)}:seen`,
          { do: "react", channel: pin.channel, ts: pin.ts, emoji: "memo" },
          now(),
        );
    });
    wakeOutbox();
  }

  /** null: there is no such message (any more), or Slack would not show it; it is recorded all the same. */
  async function read(pin: Pinned, attempt: number): Promise<Shown | null | "later"> {
    try {
      return await chat.message(pin.channel, pin.ts);
    } catch (err) {
      if (attempt >= ATTEMPTS) return null;
      log.warn({ err, attempt }, "a pinned message could not be read yet");
      await setDeadline(db, {
        key: `${pinKey(pin)}:${attempt}`,
        kind: "pin.read",
        subject: { channel: pin.channel, ts: pin.ts, user: pin.by.id, name: pin.by.name, attempt },
        dueAt: addMilliseconds(now(), 1000 * 2 ** (attempt - 1)),
      });
      return "later";
    }
  }

  async function pinned(pin: Pinned, attempt: number): Promise<void> {
    const incident = await incidentOfChannel(db, pin.channel);
    if (!incident) return tellNoIncident(pin);
    if (await entryByKey(db, `incident:${incident.number}`, pinKey(pin))) return;
    await record(incident, pin, attempt);
  }

  return {
    pinned: (delivery) => pinned(delivery, 1),

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

    async readAgain({ channel, ts, user, name, attempt }) {
      const by: Person = { kind: "person", id: String(user), name: String(name) };
      await pinned({ by, channel: String(channel), ts: String(ts) }, Number(attempt) + 1);
    },
  };
}
