import { UserError } from "../src/domain/errors.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { incidentOf } from "../src/engine/commands/incident-of.ts";
import { line } from "../src/engine/page.ts";

export const note: Command = {
  name: "note",
  usage: "note <text…>",
  summary: "Put a sentence on the incident's timeline",
  examples: ["note database failed over at 14:02", 'note "cache is cold, latency will follow" --incident 12'],
  permission: "timeline:write",
  inTurn: true,
  positionals: ["text…"],
  flags: {},
  async run(args, context, { incidents }) {
    const { number, channelName } = incidentOf(context);
    const text = args["text"];
    if (text === undefined)
      throw new UserError("What shall be noted?", {
        why: "There is no text after the command.",
        next: `Usage: \`${note.usage}\``,
      });
    const { actor, invocation } = context;
    await incidents.note(number, text, { actor, cause: invocation.id, link: null });
    return { to: "asker", view: line(`Noted on the timeline of ${channelName}.`) };
  },
};
