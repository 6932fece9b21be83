import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Logger } from "pino";
import { z } from "zod";
import type { Directory, PagerMessage } from "../../engine/ports.ts";
import type { Database } from "../../store/database.ts";
import { dueHeads, markDelivered, markFailed, retryAt } from "../../store/outbox.ts";
import type { Row } from "../../store/tables.ts";
import { type PagerClient, PagerRefusal } from "./client.ts";

const Anything = z.unknown();
const Users = z.object({ users: z.array(z.object({ id: z.string(), email: z.string() })) });

const statuses = { acknowledge: "acknowledged", resolve: "resolved", reopen: "triggered" } as const;

export interface PagerDeliveryOptions {
  db: Database;
  client: PagerClient;
  directory: Pick<Directory, "email">;
  /** The user that notes are written as when the person has no PagerDuty account. */
  serviceUser: string | null;
  now: () => Date;
  log: Logger;
}

export interface PagerDelivery {
  wake: () => void;
  stop(): Promise<void>;
}

/** ms between two looks when nothing woke it. */
const EVERY = 2000;

/** Takes PagerDuty's outbox out: in order per incident, again until it is taken or refused for good. */
export function startPagerDelivery(options: PagerDeliveryOptions): PagerDelivery {
  const { db, client, directory, now, log } = options;

  /** The email of the PagerDuty user behind a Slack user; null: they have none. */
  async function accountOf(slack: string): Promise<string | null> {
    const email = await directory.email(slack);
    if (email === null) return null;
    const { users } = await client.call(Users, { path: "/users", query: { query: email } });
    return users.find((user) => user.email.toLowerCase() === email.toLowerCase())?.email ?? null;
  }

  /** Notes and changes need a valid user: whoever is there to lend a name when the person has no account. */
  async function anyAccount(): Promise<string> {
    if (options.serviceUser !== null) return options.serviceUser;
    const { users } = await client.call(Users, { path: "/users", query: { limit: "1" } });
    const [first] = users;
    if (!first) throw new PagerRefusal(404, "PagerDuty has no user to write as", null);
    return first.email;
  }

  async function note(incident: string, content: string, from: string): Promise<void> {
    await client.call(Anything, {
      method: "POST",
      path: `/incidents/${encodeURIComponent(incident)}/notes`,
      data: { note: { content } },
      from,
    });
  }

  /** An incident of its own, once per key: PagerDuty refuses a second one while the first is open. */
  async function page({ service, title, body, dedupKey }: PagerMessage & { do: "page" }): Promise<void> {
    await client.call(Anything, {
      method: "POST",
      path: "/incidents",
      data: {
        incident: {
          type: "incident",
          title,
          service: { id: service, type: "service_reference" },
          incident_key: dedupKey,
          body: { type: "incident_body", details: body },
        },
      },
      from: await anyAccount(),
    });
  }

  async function send(message: PagerMessage): Promise<void> {
    if (message.do === "page") return page(message);
    const from = await accountOf(message.by.slack);
    if (message.do === "note")
      return note(
        message.pagerdutyIncident,
        `${message.text} (${message.by.name}, by crai)`,
        from ?? (await anyAccount()),
      );
    const status = statuses[message.do];
    // Without an account of their own nothing is changed in their name: a note says what they did.
    if (from === null)
      return note(
        message.pagerdutyIncident,
        `${message.by.name} ${status} this incident in Slack. They have no PagerDuty account.`,
        await anyAccount(),
      );
    await client.call(Anything, {
      method: "PUT",
      path: `/incidents/${encodeURIComponent(message.pagerdutyIncident)}`,
      data: { incident: { type: "incident_reference", status } },
      from,
    });
  }

  /** Asked for a state it is in already, PagerDuty refuses; what was wanted is so. */
  async function sendOrFindSo(message: PagerMessage): Promise<void> {
    try {
      await send(message);
    } catch (error) {
      if (error instanceof PagerRefusal && error.status === 400 && /already/i.test(error.message)) return;
      throw error;
    }
  }

  async function deliver(row: Row<"outbox">): Promise<void> {
    try {
      await sendOrFindSo(row.message as PagerMessage);
      await markDelivered(db, row, null);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const final =
        error instanceof PagerRefusal &&
        error.status >= 400 &&
        error.status < 500 &&
        error.status !== 429 &&
        error.status !== 408;
      if (final) {
        log.warn({ err: error, key: row.key }, "PagerDuty refused");
        return markFailed(db, row, now(), message);
      }
      const wait =
        error instanceof PagerRefusal && error.retryAfter !== null
          ? error.retryAfter
          : Math.min(60_000, 1000 * 2 ** row.attempts);
      await retryAt(db, row, addMilliseconds(now(), wait), message);
    }
  }

  let stopped = false;
  let running: Promise<void> | undefined;
  let again = false;

  async function round(): Promise<void> {
    do {
      again = false;
      const heads = await dueHeads(db, "pagerduty", now(), []);
      await Promise.all(heads.map(deliver));
      if (heads.length > 0 && !stopped) again = true;
    } while (again);
  }

  function wake(): void {
    again = true;
    if (stopped) return;
    running ??= round()
      .catch((err: unknown) => log.error({ err }, "PagerDuty outbox not read"))
      .finally(() => {
        running = undefined;
      });
  }

  const timer = setInterval(wake, EVERY);
  wake();
  return {
    wake,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
