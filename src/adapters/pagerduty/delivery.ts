import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Logger } from "pino";
import { z } from "zod";
import type { Directory, Page, PagerMessage } from "../../engine/ports.ts";
import type { Database } from "../../store/database.ts";
import { dueHeads, markDelivered, markFailed, retryAt } from "../../store/outbox.ts";
import type { Row } from "../../store/tables.ts";
import { type PagerClient, PagerRefusal } from "./client.ts";

const Anything = z.unknown();
const User = z.object({ id: z.string(), email: z.string() });
type User = z.infer<typeof User>;
const Users = z.object({ users: z.array(User) });
const OnCalls = z.object({ oncalls: z.array(z.object({ user: z.object({ id: z.string() }) })) });
const Incidents = z.object({ incidents: z.array(z.object({ id: z.string() })) });
const Changed = z.object({ incident: z.object({ last_status_change_at: z.string().nullish() }) });

/** Who did a change in PagerDuty's eyes, and when by its clock: by these its echo is known again. */
type Receipt = Row<"outbox">["receipt"];

const statuses = { acknowledge: "acknowledged", resolve: "resolved", reopen: "triggered" } as const;

export interface PagerDeliveryOptions {
  db: Database;
  client: PagerClient;
  directory: Pick<Directory, "email">;
  /** The user that notes are written as when the person has no PagerDuty account. */
  serviceUser: string | null;
  /** PagerDuty has taken a page (`why` null), or refused it for good. */
  onPaged?: (dedupKey: string, why: string | null) => Promise<void>;
  now: () => Date;
  log: Logger;
}

export interface PagerDelivery {
  wake: () => void;
  stop(): Promise<void>;
}

/** ms between two looks when nothing woke it. */
const EVERY = 2000;
/** Requests on their way at once, each about another incident. */
const PARALLEL = 8;

/** Takes PagerDuty's outbox out: in order per incident, none waiting for another, again until it is taken or refused for good. */
export function startPagerDelivery(options: PagerDeliveryOptions): PagerDelivery {
  const { db, client, directory, now, log } = options;

  /** The PagerDuty user behind a Slack user; null: they have none. */
  async function accountOf(slack: string): Promise<User | null> {
    const email = await directory.email(slack);
    return email === null ? null : userBy(email);
  }

  async function userBy(email: string): Promise<User | null> {
    const { users } = await client.call(Users, { path: "/users", query: { query: email } });
    return users.find((user) => user.email.toLowerCase() === email.toLowerCase()) ?? null;
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

  /** Whom a page is assigned to; nobody is a refusal: it would ring at whoever has the service's policy instead. */
  async function assigneeOf(to: NonNullable<Page["to"]>): Promise<string> {
    if ("schedule" in to) {
      const { oncalls } = await client.call(OnCalls, {
        path: "/oncalls",
        query: { "schedule_ids[]": [to.schedule], limit: "1" },
      });
      const [first] = oncalls;
      if (first) return first.user.id;
      throw new PagerRefusal(404, `nobody is on call in ${to.schedule}`, null);
    }
    const user = await userBy(to.email);
    if (user) return user.id;
    throw new PagerRefusal(404, `nobody there has the address ${to.email}`, null);
  }

  /** An incident of its own, once per key: PagerDuty refuses a second one while the first is open. */
  async function page({ service, to, title, body, dedupKey }: Page): Promise<void> {
    const assignee = to === null ? null : await assigneeOf(to);
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
          ...(assignee !== null && {
            assignments: [{ assignee: { id: assignee, type: "user_reference" } }],
          }),
        },
      },
      from: await anyAccount(),
    });
  }

  /** Resolves what a page of ours opened, as the person who answered it where they have an account. */
  async function endPage({ dedupKey, by }: PagerMessage & { do: "end-page" }): Promise<void> {
    const query = { incident_key: dedupKey, "statuses[]": ["triggered", "acknowledged"] };
    const { incidents } = await client.call(Incidents, { path: "/incidents", query });
    const account = by === null || incidents.length === 0 ? null : await accountOf(by.slack);
    for (const { id } of incidents)
      await client.call(Anything, {
        method: "PUT",
        path: `/incidents/${encodeURIComponent(id)}`,
        data: { incident: { type: "incident_reference", status: "resolved" } },
        from: account?.email ?? (await anyAccount()),
      });
  }

  async function change(
    { do: verb, pagerdutyIncident, by }: Extract<PagerMessage, { do: keyof typeof statuses }>,
    account: User | null,
  ): Promise<Receipt> {
    const status = statuses[verb];
    // Without an account of their own nothing is changed in their name: a note says what they did.
    if (account === null) {
      const text = `${by.name} ${status} this incident in Slack. They have no PagerDuty account.`;
      await note(pagerdutyIncident, text, await anyAccount());
      return null;
    }
    const { incident } = await client.call(Changed, {
      method: "PUT",
      path: `/incidents/${encodeURIComponent(pagerdutyIncident)}`,
      data: { incident: { type: "incident_reference", status } },
      from: account.email,
    });
    const at = incident.last_status_change_at;
    return { id: account.id, ...(typeof at === "string" && { at }) };
  }

  async function send(message: PagerMessage): Promise<Receipt> {
    if (message.do === "page" || message.do === "end-page") {
      await (message.do === "page" ? page(message) : endPage(message));
      return null;
    }
    const account = await accountOf(message.by.slack);
    if (message.do !== "note") return change(message, account);
    const text = `${message.text} (${message.by.name}, by crai)`;
    await note(message.pagerdutyIncident, text, account?.email ?? (await anyAccount()));
    return null;
  }

  /** Asked for a state it is in already, PagerDuty refuses; what was wanted is so. */
  async function sendOrFindSo(message: PagerMessage): Promise<Receipt> {
    try {
      return await send(message);
    } catch (error) {
      if (error instanceof PagerRefusal && error.status === 400 && /already/i.test(error.message))
        return null;
      throw error;
    }
  }

  async function tellPaged(row: Row<"outbox">, why: string | null): Promise<void> {
    const message = row.message as PagerMessage;
    if (message.do === "page") await options.onPaged?.(message.dedupKey, why);
  }

  async function deliver(row: Row<"outbox">): Promise<void> {
    try {
      const receipt = await sendOrFindSo(row.message as PagerMessage);
      // Before it counts as delivered: interrupted here, it is found to be so and told again.
      await tellPaged(row, null);
      await markDelivered(db, row, receipt);
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
        await tellPaged(row, message);
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
  let looking: Promise<void> | undefined;
  let again = false;
  /** By lane: one incident that PagerDuty is slow about holds up no other. */
  const inHand = new Map<string, Promise<void>>();

  function begin(row: Row<"outbox">): void {
    const work = deliver(row)
      .catch((err: unknown) => log.error({ err, key: row.key }, "what PagerDuty answered was not stored"))
      .finally(() => {
        inHand.delete(row.lane);
        wake();
      });
    inHand.set(row.lane, work);
  }

  async function look(): Promise<void> {
    do {
      again = false;
      const room = PARALLEL - inHand.size;
      if (stopped || room <= 0) return;
      const heads = await dueHeads(db, "pagerduty", now(), [...inHand.keys()]);
      for (const row of heads.sort((a, b) => a.id - b.id).slice(0, room)) begin(row);
    } while (again);
  }

  function wake(): void {
    again = true;
    if (stopped) return;
    looking ??= look()
      .catch((err: unknown) => log.error({ err }, "PagerDuty outbox not read"))
      .finally(() => {
        looking = undefined;
        if (again) wake();
      });
  }

  const timer = setInterval(wake, EVERY);
  wake();
  return {
    wake,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await looking;
      await Promise.all(inHand.values());
    },
  };
}
