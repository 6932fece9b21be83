import { UserError } from "../../domain/errors.ts";
import { type Incident, isConfidential } from "../../domain/incident.ts";

/** The incident a command is about: that of the channel it was given in, or the one named by --incident. */
export function incidentOf({ incident }: { incident: Incident | null }): Incident {
  if (incident) return incident;
  throw new UserError("Which incident?", {
    why: "This channel belongs to no incident.",
    next: "Give the command in the incident's channel, or add `--incident 12`; `incident list` shows the numbers.",
  });
}

/** The incident that a plan asked for `here` is recorded in: what is said in a confidential channel stays there. */
export function recordedIn(here: Incident | null, otherwise: number | null): number | null {
  return here !== null && isConfidential(here.kind) ? here.number : otherwise;
}
