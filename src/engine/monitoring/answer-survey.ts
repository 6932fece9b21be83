import { addMilliseconds } from "date-fns/addMilliseconds";
import { quoted } from "../../domain/clean-text.ts";
import { Duration } from "../../domain/deadline.ts";
import { UserError } from "../../domain/errors.ts";
import type { CommandContext } from "../commands/command.ts";
import type { Reply } from "../commands/invocation.ts";
import type { UseCases } from "../use-cases.ts";
import { visibleTo } from "../visible.ts";
import type { Panel } from "./panels.ts";
import { survey } from "./survey.ts";
import { surveyView } from "./survey-view.ts";

/** ms that are looked back on: unless told, at least, at most. */
const USUAL = 3_600_000;
const LEAST = 60_000;
const MOST = 30 * 86_400_000;

function lookBack(text: string | undefined): number {
  if (text === undefined) return USUAL;
  const { data } = Duration.safeParse(text);
  if (data !== undefined && data >= LEAST && data <= MOST) return data;
  throw new UserError(`Since ${quoted(text)}?`, {
    why: "That is no duration from 1m to 30d.",
    next: "Write it like 30m, 6h or 2d.",
  });
}

/** In an incident's channel everybody sees what is about its app, or about none; the rest is for whoever asked. */
function placeOf({ invocation, incident }: CommandContext, panels: readonly Panel[]): Reply["to"] {
  const isThere = incident !== null && invocation.place.channel === incident.channel;
  return isThere && panels.every(({ app }) => app === null || app === incident.app) ? "channel" : "asker";
}

function leftOut(count: number): string | null {
  if (count === 0) return null;
  return `${count === 1 ? "One metric is" : `${count} metrics are`} left out: you may not look at the app behind ${count === 1 ? "it" : "them"}.`;
}

/** The panels that the asker may see, as they stand and as they went. Throws a UserError when there are none. */
export async function answerSurvey(
  asked: { title: string; panels: readonly Panel[]; since: string | undefined; where: string },
  context: CommandContext,
  { authorizer, metrics, charts }: Pick<UseCases, "authorizer" | "metrics" | "charts">,
): Promise<Reply> {
  const { title } = asked;
  const back = lookBack(asked.since);
  const ofApps = asked.panels.filter(({ app }) => app !== null);
  const seen = new Set(await visibleTo(authorizer, context.actor, "workload:read", ofApps));
  const panels = asked.panels.filter((panel) => panel.app === null || seen.has(panel));
  if (panels.length === 0) {
    throw new UserError(`There is nothing to show: ${title}.`, {
      why:
        asked.panels.length === 0
          ? `crai.yaml has no metrics for it.`
          : "You may not look at the apps that it is about.",
      next:
        asked.panels.length === 0
          ? `Whoever keeps crai.yaml adds them under ${asked.where}.`
          : "`whoami` shows what you may do.",
    });
  }
  const to = context.now();
  const found = await survey(metrics, panels, { from: addMilliseconds(to, -back), to });
  const place = placeOf(context, panels);
  // A terminal and the Home tab show no files.
  const canShow = context.invocation.place.channel !== null;
  const { view, attachments } = await surveyView(title, found, canShow ? charts : null);
  const notes = [
    leftOut(asked.panels.length - panels.length),
    // What only one person sees can hold no file.
    place !== "channel" && attachments.length > 0
      ? "The picture is in your direct messages with crai."
      : null,
  ].flatMap((text) => (text === null ? [] : [{ type: "note", text } as const]));
  return { to: place, view: { ...view, blocks: [...view.blocks, ...notes] }, attachments };
}
