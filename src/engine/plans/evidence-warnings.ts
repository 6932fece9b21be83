import { isConfidential } from "../../domain/incident.ts";
import type { PlannedStep, Warning } from "../../domain/plan.ts";
import type { Queries } from "../../store/database.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { entriesOfKinds } from "../../store/timeline.ts";
import type { Actions } from "../playbooks/loaded.ts";

/** In a security incident or a breach, whoever ends pods is told when nothing of them has been kept yet. */
export async function evidenceWarnings(
  db: Queries,
  {
    incident: number,
    steps,
    actions,
  }: { incident: number | null; steps: readonly PlannedStep[]; actions: Actions },
): Promise<Warning[]> {
  const ending = steps.filter(({ action }) => actions.get(action)?.endsPods === true);
  const incident = number === null || ending.length === 0 ? undefined : await incidentByNumber(db, number);
  if (incident === undefined || !isConfidential(incident.kind) || incident.status === "resolved") return [];
  const entries = await entriesOfKinds(db, `incident:${incident.number}`, ["evidence.collected"]);
  // What ends pods of no app in particular is held against the incident's own.
  const lost = ending.find(({ about: { app, environment } }) => {
    const wanted = app ?? incident.app;
    return !entries.some(
      ({ fact }) =>
        fact.kind === "evidence.collected" &&
        (wanted === null || fact.app === wanted) &&
        (environment === null || fact.environment === environment),
    );
  });
  if (lost === undefined) return [];
  return [
    {
      level: "warn",
      text: "Evidence has not been preserved yet: what is to be seen in these pods is gone afterwards.",
      next: `\`evidence ${lost.about.app ?? incident.app ?? "<app>"}\` first.`,
    },
  ];
}
