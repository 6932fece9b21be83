import type { Clock } from "../../domain/clock.ts";
import { actorKey } from "../../domain/actor.ts";
import { isConfidential } from "../../domain/incident.ts";
import type { Inline, View } from "../../domain/view.ts";
import type { Database } from "../../store/database.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { approvalsOf, planByNumber, type StoredPlan } from "../../store/plans.ts";
import type { Approvals } from "./approvals.ts";
import type { Invocation, Reply } from "../commands/invocation.ts";
import type { ShowIncident } from "../incidents/show-incident.ts";
import { line } from "../page.ts";
import { isSlackUser } from "../people.ts";
import { isAsked, NAMED, planDetailView, planView } from "./plan-view.ts";
import { type GivenYes, yesesOf } from "./yes-text.ts";
import { elsewhereOf, placeOf, say, show } from "../record.ts";

export interface PlanMessages {
  /** Shows a fresh plan, asks for a second person where one is needed, and answers who asked. */
  present(stored: StoredPlan, invocation: Invocation): Promise<Reply>;
  /** Shows a plan again after it was answered or ran out of time: an alert's proposal stands on its incident's card. */
  refresh(plan: number): Promise<void>;
  /** Answers who asked with what the plan's own message tells too: a line of their own only where they do not see that. */
  answer(stored: StoredPlan, text: string, invocation: Invocation): Promise<Reply>;
}

export interface PlanMessagesOptions {
  db: Database;
  approvals: Pick<Approvals, "need" | "asked">;
  announce: string | undefined;
  showIncident: ShowIncident;
  wakeOutbox: () => void;
  now: Clock;
}

export function createPlanMessages({
  db,
  approvals,
  announce,
  showIncident,
  wakeOutbox,
  now,
}: PlanMessagesOptions): PlanMessages {
  async function yesesTo({ number }: StoredPlan): Promise<GivenYes[]> {
    return yesesOf(await approvalsOf(db, number));
  }

  /** Posts the plan's message with its details in the thread, or edits it to the plan's present state. */
  async function showPlan(stored: StoredPlan, responseUrl: string | null = null): Promise<void> {
    const channel = placeOf(stored.plan.incident, stored.channel, announce);
    if (channel === null || stored.plan.actor.kind !== "person") return;
    const need = await approvals.need(stored.plan, stored.askedAt);
    const view = planView(stored, need, await yesesTo(stored), now());
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

  async function answer(stored: StoredPlan, text: string, { place }: Invocation): Promise<Reply> {
    const shown = placeOf(stored.plan.incident, stored.channel, announce);
    if (place.surface === "cli" || shown === null) return { to: "said", view: line(text) };
    const incident = "incident" in shown ? await incidentByNumber(db, shown.incident) : undefined;
    const channel = "id" in shown ? shown.id : (incident?.channel ?? null);
    const name = incident === undefined ? "another channel" : `#${incident.channelName}`;
    const where: Inline = channel === null ? name : { channel, name };
    if (channel === null || channel !== place.channel)
      return { to: "asker", view: pointer(text, where, name) };
    // A thread shows nothing of what stands in its channel.
    if (place.thread === null) return { to: "said", view: line(text) };
    return { to: "asker", view: line(`${text} It is shown in the channel, where everybody sees it.`) };
  }

  return {
    async present(stored, invocation) {
      const need = await approvals.need(stored.plan, stored.askedAt);
      if (isAsked(stored, need)) {
        await approvals.asked(stored);
        await bringIn(stored, need.approvers);
      }
      const current = (await planByNumber(db, stored.number)) ?? stored;
      const { place } = invocation;
      await showPlan(current, place.responseUrl);
      const shown = placeOf(stored.plan.incident, stored.channel, announce);
      if (place.surface === "cli" || shown === null) {
        const view = planView(
          current,
          await approvals.need(stored.plan, current.askedAt),
          await yesesTo(current),
          now(),
        );
        return { to: "asker", view, details: planDetailView(stored) };
      }
      return answer(stored, `P${stored.number} is planned: ${stored.plan.title}.`, invocation);
    },

    async refresh(number) {
      const stored = await planByNumber(db, number);
      if (!stored) return;
      await showPlan(stored);
      const { actor, incident } = stored.plan;
      if (actor.kind !== "person" && incident !== null)
        await db.transaction().execute((trx) => showIncident(trx, incident));
    },

    answer,
  };
}

/** A plan's message stands elsewhere, and who asked is told where. */
function pointer(text: string, where: Inline, name: string): View {
  return {
    summary: `${text} It is shown in ${name}.`,
    blocks: [{ type: "text", text: [`${text} See `, where, "."] }],
  };
}
