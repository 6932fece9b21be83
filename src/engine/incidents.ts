import type { Actor, Person } from "../domain/actor.ts";
import type { Incident, IncidentKind, IncidentRole, IncidentVerb } from "../domain/incident.ts";
import type { Severity } from "../domain/severity.ts";

/** `cause` is what the effects are keyed by (invocation, delivery): the same cause again changes nothing. */
interface Act {
  actor: Actor;
  cause: string;
}

export interface Declaration extends Act {
  kind: IncidentKind;
  severity: Severity;
  title: string;
  app: string | null;
  environment: string | null;
  /** When users began to be hurt, as far as known (UTC). */
  detectedAt: Date;
  pagerdutyIncident: string | null;
}

/** What people and alerts do to incidents. Each appends to the timeline, then shows the card, in one transaction. */
export interface Incidents {
  /** Opens one, or returns the open outage that the app has already. */
  declare(declaration: Declaration): Promise<{ incident: Incident; opened: boolean }>;
  /** Acknowledge, mitigate, resolve, reopen. `heard` = PagerDuty said so, so it is not told again. */
  change(
    verb: IncidentVerb,
    number: number,
    act: Act & { reason: string | null; heard?: boolean },
  ): Promise<Incident>;
  setSeverity(number: number, severity: Severity, act: Act & { reason: string | null }): Promise<Incident>;
  assignRole(number: number, role: IncidentRole, person: Person, act: Act): Promise<Incident>;
  note(number: number, text: string, act: Act & { link: string | null }): Promise<void>;
  /** Renders the card again from the record. */
  refresh(number: number): Promise<void>;
}
