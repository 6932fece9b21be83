import { UserError } from "../domain/errors.ts";
import type { Incident } from "../domain/incident.ts";

/** The incident a command is about: that of the channel it was given in, or the one named by --incident. */
export function incidentOf({ incident }: { incident: Incident | null }): Incident {
  if (incident) return incident;
  throw new UserError("Which incident?", {
    why: "This channel belongs to no incident.",
    next: "Give the command in the incident's channel, or add `--incident 12`; `incident list` shows the numbers.",
  });
}
