import type { App } from "../../domain/app.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import type { Queries } from "../../store/database.ts";
import { alertTotals } from "../../store/alerts.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { planByNumber, waitingPlans } from "../../store/plans.ts";
import { listRuns } from "../../store/runs.ts";
import { latestOf } from "../../store/timeline.ts";
import { doer } from "./entry-text.ts";
import { episodeMessage, episodeView } from "./episode-view.ts";
import { type CardShown, incidentCard } from "./incident-card.ts";
import { actorInline } from "../people.ts";
import { show } from "../record.ts";

/** The latest message that its trouble began anew, if it did. */
async function showEpisode(
  trx: Queries,
  shown: Pick<CardShown, "incident" | "offer" | "run">,
  now: Clock,
): Promise<void> {
  const { number, episode } = shown.incident;
  const began = episode === 1 ? undefined : await latestOf(trx, `incident:${number}`, "episode.began");
  if (began?.fact.kind !== "episode.began") return;
  await show(
    trx,
    { key: episodeMessage(number, began.fact.episode), about: number },
    {
      do: "post",
      channel: { incident: number },
      view: episodeView({ at: began.at, fact: began.fact }, shown),
    },
    now(),
  );
}

/** Renders an incident's card from the record and stores it as the latest state of its one pinned message. */
export type ShowIncident = (trx: Queries, number: number) => Promise<void>;

export function createShowIncident({ apps, now }: Pick<Config, "apps"> & { now: Clock }): ShowIncident {
  return (trx, number) => showIncident(trx, number, { apps, now });
}

/** The page that a person opens first: the app's `runbook`, or whatever document is named first. */
function runbookOf({ docs }: App): string | null {
  return docs["runbook"] ?? Object.values(docs)[0] ?? null;
}

async function showIncident(
  trx: Queries,
  number: number,
  { apps, now }: Pick<Config, "apps"> & { now: Clock },
): Promise<void> {
  const incident = await incidentByNumber(trx, number);
  if (!incident) return;
  const [row] = await listRuns(trx, { incident: number, audience: "everything", limit: 1 });
  const stored = row && (await planByNumber(trx, row.plan));
  const offer = (await waitingPlans(trx, number)).find((plan) => plan.plan.actor.kind !== "person") ?? null;
  const acknowledged = await latestOf(trx, `incident:${number}`, "incident.acknowledged");
  const who = acknowledged && doer(acknowledged);
  const app = incident.app === null ? undefined : apps[incident.app];
  const shown = { incident, offer, run: row && stored ? { row, stored } : null };
  const view = incidentCard({
    ...shown,
    alerts: await alertTotals(trx, number),
    help: app === undefined ? null : { owner: app.owner, runbook: runbookOf(app) },
    acknowledgedBy: typeof who === "object" ? actorInline(who) : (who ?? null),
  });
  await show(
    trx,
    { key: `incident:${number}:card`, about: number },
    { do: "post", channel: { incident: number }, view, pin: true },
    now(),
  );
  await showEpisode(trx, shown, now);
}
