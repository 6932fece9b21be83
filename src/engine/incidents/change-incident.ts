import type { Incident, IncidentVerb } from "../../domain/incident.ts";
import { firingIn } from "../../store/alerts.ts";
import type { Row } from "../../store/tables.ts";
import type { Args, CommandContext } from "../commands/command.ts";
import { incidentOf } from "../commands/incident-of.ts";
import type { Reply } from "../commands/invocation.ts";
import { quoteWord } from "../commands/quote-word.ts";
import { line } from "../page.ts";
import type { UseCases } from "../use-cases.ts";
import { firingLines } from "./change-view.ts";

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

/** Resolves an incident; while alerts of it fire only when that is wanted all the same. */
export async function resolveIncident(
  args: Args,
  context: CommandContext,
  uses: Pick<UseCases, "incidents" | "db">,
): Promise<Reply> {
  const incident = incidentOf(context);
  const firing = incident.status === "resolved" ? [] : await firingIn(uses.db, incident);
  if (firing.length === 0 || args["anyway"] === "true") return changeIncident("resolve", args, context, uses);
  return askAgain(incident, firing, { reason: args["reason"], now: context.now() });
}

function askAgain(
  { number, channelName }: Incident,
  firing: readonly Row<"alert">[],
  { reason, now }: { reason: string | undefined; now: Date },
): Reply {
  const why = reason === undefined ? "" : ` --reason=${quoteWord(reason)}`;
  const command = `resolve --incident ${number} --anyway${why}`;
  const summary = `${channelName} is not resolved yet: alerts of it still fire.`;
  return {
    to: "asker",
    view: {
      summary,
      blocks: [
        { type: "text", text: summary },
        { type: "list", items: firingLines(firing, now) },
        {
          type: "note",
          text: [
            "Resolved all the same, it is recorded with them, and it is said once more if they fire on: ",
            { code: command },
          ],
        },
        { type: "buttons", buttons: [{ label: "Resolve all the same", command, style: "danger" }] },
      ],
    },
  };
}
