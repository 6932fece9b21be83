import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { formatDuration } from "../../domain/deadline.ts";
import { UserError } from "../../domain/errors.ts";
import type { Incident, IncidentStatus, IncidentVerb } from "../../domain/incident.ts";
import type { Fact, TimelineEntry } from "../../domain/timeline.ts";
import { said } from "./change-view.ts";
import { doer, subjectName } from "./entry-text.ts";

/** What can be done with an incident as it stands. */
const next: Record<IncidentStatus, string> = {
  open: "`mitigate` says that users are no longer hurt, `resolve` that it is over.",
  mitigated: "`resolve` ends it; `reopen` opens it again.",
  resolved: "`reopen` opens it again; `export` gives its post-mortem.",
};

const broughtBy: Record<IncidentStatus, Fact["kind"]> = {
  open: "incident.reopened",
  mitigated: "incident.mitigated",
  resolved: "incident.resolved",
};

/** The kind of fact that stands in the way of a verb, if one does. */
export function factBefore(verb: IncidentVerb, status: IncidentStatus): Fact["kind"] {
  return verb === "acknowledge" && status !== "resolved" ? "incident.acknowledged" : broughtBy[status];
}

/** `Robin did that at 12:03 UTC, 4m ago: rolled back.` */
function whoAndWhen({ at, actor, fact }: TimelineEntry, now: Date): string {
  const reason =
    actor.kind === "person" && "reason" in fact && fact.reason !== null ? `: ${fact.reason}` : "";
  const ago = formatDuration(differenceInMilliseconds(now, at));
  const who = subjectName(doer({ actor, fact }));
  return `${who} did that at ${at.toISOString().slice(11, 16)} UTC, ${ago} ago${reason.replace(/\.$/, "")}.`;
}

/** A verb that does not fit how the incident stands: who brought it there, when, and what does fit. */
export function refuseChange(
  verb: IncidentVerb,
  { channelName, status }: Incident,
  { last, now }: { last: TimelineEntry | undefined; now: Date },
): UserError {
  const isSo = status === said[verb] || status === "open";
  const state = status === "open" && verb === "acknowledge" ? said[verb] : status;
  return new UserError(
    isSo
      ? `${channelName} is ${state} already.`
      : `${channelName} is ${state}, so it cannot be ${said[verb]}.`,
    {
      why: last === undefined ? "It was never mitigated or resolved." : whoAndWhen(last, now),
      next: next[status],
    },
  );
}
