import type { Clock } from "../../domain/clock.ts";
import { actorKey } from "../../domain/actor.ts";
import { type Incident, isConfidential } from "../../domain/incident.ts";
import type { Inline, View } from "../../domain/view.ts";
import type { Database } from "../../store/database.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { planByNumber, type StoredPlan } from "../../store/plans.ts";
import type { Approvals } from "./approvals.ts";
import type { Invocation, Reply } from "../commands/invocation.ts";
import { line } from "../page.ts";
import { isSlackUser } from "../people.ts";
import { NAMED, planDetailView, planView } from "./plan-view.ts";
import { elsewhereOf, placeOf, say, show } from "../record.ts";

export interface PlanMessages {
  /** Posts the plan's message with its details in the thread, or edits it to the plan's present state. */
  show(stored: StoredPlan): Promise<void>;
  /** Shows a fresh plan, asks for a second person where one is needed, and answers who asked. */
  present(stored: StoredPlan, invocation: Invocation): Promise<Reply>;
  /** Shows a plan again after it was answered or ran out of time; an alert's proposal has no message of its own. */
  refresh(plan: number): Promise<void>;
}

export interface PlanMessagesOptions {
  db: Database;
  approvals: Pick<Approvals, "need" | "asked">;
  announce: string | undefined;
  wakeOutbox: () => void;
  now: Clock;
}

export function createPlanMessages({
  db,
  approvals,
  announce,
  wakeOutbox,
  now,
}: PlanMessagesOptions): PlanMessages {
  async function showPlan(stored: StoredPlan, responseUrl: string | null = null): Promise<void> {
    const channel = placeOf(stored.plan.incident, stored.channel, announce);
    if (channel === null || stored.plan.actor.kind !== "person") return;
    const need = await approvals.need(stored.plan, stored.askedAt);
    const view = planView(stored, need, now());
    const key = `plan:${stored.number}`;
    const about = stored.plan.incident;
    // Whoever is to say yes has to see it.
    const others = need.who === "second-person" ? announce : undefined;
    const elsewhere = elsewhereOf(stored.plan.actor, others, responseUrl);
    await db.transaction().execute(async (trx) => {
      await show(trx, { key, about }, { do: "post", channel, view, ...elsewhere }, now());
      await say(
        trx,
        { key: `${key}:details`, about },
        { do: "post", channel, view: planDetailView(stored), under: key },
        now(),
      );
    });
    wakeOutbox();
  }

  /** Slack tells nobody of a mention where they are not: whoever is asked comes into the incident's channel. */
  async function bringIn({ plan }: StoredPlan, approvers: readonly string[]): Promise<void> {
    const incident = plan.incident === null ? undefined : await incidentByNumber(db, plan.incident);
    if (incident === undefined || isConfidential(incident.kind)) return;
    const { number } = incident;
    for (const user of [actorKey(plan.actor), ...approvers.slice(0, NAMED)].filter(isSlackUser))
      await say(
        db,
        { key: `incident:${number}:invited:${user}`, about: number },
        { do: "invite", channel: { incident: number }, users: [user] },
        now(),
      );
  }

  return {
    show: (stored) => showPlan(stored),

    async present(stored, { place }) {
      const need = await approvals.need(stored.plan, stored.askedAt);
      if (need.who === "second-person" && stored.status === "waiting") {
        await approvals.asked(stored);
        await bringIn(stored, need.approvers);
      }
      await showPlan(stored, place.responseUrl);
      const view = planView(stored, need, now());
      const details = planDetailView(stored);
      if (place.surface === "cli") return { to: "asker", view, details };
      const shown = placeOf(stored.plan.incident, stored.channel, announce);
      if (shown === null) return { to: "asker", view, details };
      const incident = "incident" in shown ? await incidentByNumber(db, shown.incident) : undefined;
      const elsewhere = incident !== undefined && incident.channel !== place.channel;
      if (elsewhere) return { to: "asker", view: pointer(stored.number, incident) };
      // A thread shows nothing of what stands in its channel.
      if (place.thread === null) return { to: "said", view };
      return {
        to: "asker",
        view: line(`P${stored.number} is shown in the channel, where everybody sees it.`),
      };
    },

    async refresh(number) {
      const stored = await planByNumber(db, number);
      if (stored) await showPlan(stored);
    },
  };
}

/** Asked in one channel, shown in the incident's: whoever asked is told where. */
function pointer(plan: number, { channel, channelName }: Incident): View {
  const where: Inline = channel === null ? `#${channelName}` : { channel, name: channelName };
  const summary = `P${plan} belongs to an incident and is shown in #${channelName}.`;
  return { summary, blocks: [{ type: "text", text: [`P${plan} belongs to an incident: see `, where, "."] }] };
}
