import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { formatDuration } from "../../domain/deadline.ts";
import type { Block, Inline, View } from "../../domain/view.ts";
import type { Database, Queries } from "../../store/database.ts";
import { listOccurrences } from "../../store/occurrences.ts";
import { planByNumber } from "../../store/plans.ts";
import { runOfPlan } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { ownerChannel } from "../owners.ts";
import { page } from "../page.ts";
import type { OpenItem } from "../playbooks/action.ts";
import type { Actions, LoadedPlaybook } from "../playbooks/loaded.ts";
import { say } from "../record.ts";
import { openItems } from "./open-items.ts";

export interface TellingsOptions {
  db: Database;
  config: Pick<Config, "teams" | "slack" | "timeZone">;
  actions: Actions;
  wakeOutbox: () => void;
  now: Clock;
}

type One = Row<"occurrence">;

/** ms: later than this is said. */
const LATE = 300_000;

function keyOf({ playbook, day }: One, what: string): string {
  return `schedule:${playbook}:${day}:${what}`;
}

function itemLine({ text, owner }: OpenItem): string {
  return owner === null ? `☐ ${text}` : `☐ ${text} (${owner})`;
}

function openBlock(run: number, items: readonly OpenItem[]): Block {
  if (items.length === 0) return { type: "text", text: `R${run} still runs.` };
  return { type: "list", items: items.map(itemLine) };
}

/** What is said about playbooks that start by themselves, in their owner's channel; each thing once. */
export function createTellings({ db, config, actions, wakeOutbox, now }: TellingsOptions) {
  const { teams, slack } = config;

  const channelOf = (owner: string): string | undefined => ownerChannel(config, owner);

  async function post(
    trx: Queries,
    key: string,
    { channel, view, under }: { channel: string | undefined; view: View; under?: string },
  ): Promise<void> {
    if (channel === undefined) return;
    const message = {
      do: "post",
      channel: { id: channel },
      view,
      ...(under !== undefined && { under }),
    } as const;
    await say(trx, { key, about: null }, message, now());
  }

  /** Those it comes to when it is overdue: the leads of whoever is still to do something. */
  function leadsOf(owners: readonly (string | null)[]): string[] {
    const leads = owners.flatMap((owner) => (owner === null ? [] : (teams[owner]?.lead ?? [])));
    return [...new Set(leads)];
  }

  /** What is open of it; null: nothing, it has ended or was never begun. */
  async function openOf({ plan: number }: One) {
    const run = number === null ? undefined : await runOfPlan(db, number);
    const stored = number === null ? undefined : await planByNumber(db, number);
    if (run === undefined || stored === undefined || run.status === "finished") return null;
    return {
      run,
      title: stored.plan.title,
      channel: stored.channel,
      items: await openItems(db, actions, run),
    };
  }

  return {
    channelOf,

    /** It begins later than it should, because crai was down. */
    async late(trx: Queries, one: One, { title, owner }: { title: string; owner: string }): Promise<void> {
      const lateBy = now().getTime() - one.due_at.getTime();
      if (lateBy < LATE) return;
      const before = (await listOccurrences(trx, { playbook: one.playbook })).slice(1);
      const ends = before.findIndex(({ missed }) => !missed);
      const missed = before.slice(0, ends === -1 ? before.length : ends).map(({ day }) => day);
      const others: Inline[] =
        missed.length === 0
          ? []
          : [` It was missed on ${missed.toReversed().join(", ")} and is done once for all of them.`];
      const text: Inline[] = [
        "It was due ",
        { time: one.due_at, as: "relative" },
        ` (${one.day}), while crai was down, and begins now, ${formatDuration(lateBy)} late.`,
        ...others,
      ];
      await post(trx, keyOf(one, "late"), {
        channel: channelOf(owner),
        view: page(`${title} begins late`, { type: "text", text }),
      });
    },

    async broken(
      trx: Queries,
      one: One,
      { playbook, trouble }: { playbook: LoadedPlaybook | undefined; trouble: string },
    ): Promise<void> {
      const owner = playbook?.metadata.owner ?? "";
      const leads = leadsOf([owner]).map((lead): Inline => ({ person: lead, name: lead }));
      await post(trx, keyOf(one, "broken"), {
        channel: channelOf(owner),
        view: page(
          `${one.playbook} of ${one.day} could not begin`,
          { type: "text", text: trouble },
          {
            type: "text",
            text: ["It is not tried again by itself; `maintenance` shows it as slipped. ", ...leads],
          },
        ),
      });
    },

    async reminder(one: One): Promise<void> {
      const open = await openOf(one);
      if (open === null) return;
      const { run, title, channel, items } = open;
      const until: Inline = { time: one.overdue_at, as: "clock" };
      await post(db, keyOf(one, "reminder"), {
        channel: channel ?? undefined,
        under: `run:${run.number}`,
        view: page(`${title}: still to be done`, openBlock(run.number, items), {
          type: "note",
          text: [`R${run.number} is due ${one.overdue_at.toISOString().slice(0, 10)}, `, until],
        }),
      });
      wakeOutbox();
    },

    /** In the channel, where everybody sees it, and to the leads of the teams that are to do something. */
    async overdue(one: One): Promise<void> {
      const open = await openOf(one);
      if (open === null) return;
      const { run, title, channel, items } = open;
      const leads = leadsOf(items.map(({ owner }) => owner));
      const heading = `${title} of ${one.day} is overdue`;
      const mentions = leads.flatMap((lead): Inline[] => [" ", { person: lead, name: lead }]);
      const note: Block = { type: "text", text: [`R${run.number} still waits for this.`, ...mentions] };
      const view = page(heading, openBlock(run.number, items), note);
      await db.transaction().execute(async (trx) => {
        await post(trx, keyOf(one, "overdue"), { channel: channel ?? undefined, view });
        for (const lead of leads)
          await say(
            trx,
            { key: keyOf(one, `overdue:${lead}`), about: null },
            { do: "direct", user: lead, view },
            now(),
          );
        // Nobody to tell in person: where everybody looks.
        if (leads.length === 0 && channel !== slack.announce)
          await post(trx, keyOf(one, "overdue:announced"), { channel: slack.announce, view });
      });
      wakeOutbox();
    },
  };
}
