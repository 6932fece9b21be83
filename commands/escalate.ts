import type { Person } from "../src/domain/actor.ts";
import { UserError } from "../src/domain/errors.ts";
import type { Args, Command, CommandContext } from "../src/engine/commands/command.ts";
import { incidentOf } from "../src/engine/commands/incident-of.ts";
import type { Reply } from "../src/engine/commands/invocation.ts";
import { mentionedPerson } from "../src/engine/commands/mentioned-person.ts";
import { line } from "../src/engine/page.ts";
import type { UseCases } from "../src/engine/use-cases.ts";

/** The message of the call tells everybody in the incident's channel; elsewhere the asker is told where it stands. */
function toldIn({ incident, invocation }: CommandContext, text: string): Reply {
  const isThere = incident !== null && incident.channel === invocation.place.channel;
  return { to: isThere ? "said" : "asker", view: line(text) };
}

async function take(args: Args, context: CommandContext, { escalations }: UseCases): Promise<Reply> {
  const { number } = incidentOf(context);
  const given = args["taken"] ?? "";
  if (!/^[1-9]\d{0,5}$/.test(given))
    throw new UserError("Which call?", {
      why: "Calls of an incident are counted from 1.",
      next: "Press “I'm on it” below it, or write `escalate --taken 1`.",
    });
  const { to } = await escalations.take(number, Number(given), { actor: context.actor });
  return toldIn(context, `You answer for ${to}.`);
}

/** A person who is mentioned, or the name of a level or a contact. */
async function whoOf(text: string | undefined, { actor }: CommandContext, { directory }: UseCases) {
  if (text === undefined) return null;
  const isPerson = /^(@?[UW][A-Z0-9]{2,}|[^\s@]+@[^\s@]+)$/.test(text);
  return isPerson ? ((await mentionedPerson(text, actor, directory)) satisfies Person) : text;
}

export const escalate: Command = {
  name: "escalate",
  usage: 'escalate [who] [--reason "…"] | escalate --taken <call>',
  summary:
    "Call the next level, a team, a vendor or a person into the incident: paged, invited and mentioned",
  examples: [
    "escalate",
    "escalate secondary",
    'escalate legal --reason "customer data was read"',
    "escalate @alex",
  ],
  permission: "incident:update",
  positionals: ["who…"],
  flags: { reason: { type: "string" }, taken: { type: "string" } },
  async run(args, context, uses) {
    if (args["taken"] !== undefined) return take(args, context, uses);
    const { number, channelName } = incidentOf(context);
    const { actor, invocation } = context;
    const { to } = await uses.escalations.call(number, {
      who: await whoOf(args["who"], context, uses),
      reason: args["reason"] ?? null,
      actor,
      cause: invocation.id,
    });
    return toldIn(context, `${to} is called into #${channelName}.`);
  },
};
