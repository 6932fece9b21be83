import type { IncidentVerb } from "../../domain/incident.ts";
import type { Args, CommandContext } from "../commands/command.ts";
import { incidentOf } from "../commands/incident-of.ts";
import type { Reply } from "../commands/invocation.ts";
import { line } from "../page.ts";
import type { UseCases } from "../use-cases.ts";

/** What acknowledging, mitigating, resolving and reopening have in common: the incident's channel hears of it. */
export async function changeIncident(
  verb: IncidentVerb,
  args: Args,
  context: CommandContext,
  { incidents }: Pick<UseCases, "incidents">,
): Promise<Reply> {
  const { number, channel } = incidentOf(context);
  const { actor, invocation } = context;
  const reason = args["reason"] ?? null;
  const after = await incidents.change(verb, number, { actor, cause: invocation.id, reason });
  const about = after.pagerdutyIncident === null || verb === "mitigate" ? "" : " PagerDuty follows.";
  const view = line(`${after.channelName} is ${said(verb, after.status)}.${about}`);
  const here = channel !== null && invocation.place.channel === channel;
  return { to: here ? "said" : "asker", view };
}

function said(verb: IncidentVerb, status: string): string {
  return verb === "acknowledge" ? "acknowledged" : status;
}
