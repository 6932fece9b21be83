import { UserError } from "../src/domain/errors.ts";
import type { Text } from "../src/domain/view.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { commandsOf } from "../src/engine/commands/playbook-command.ts";
import { withCode } from "../src/engine/commands/refusal-view.ts";
import { nearest } from "../src/engine/commands/nearest.ts";
import { page } from "../src/engine/page.ts";
import { mayAnywhere } from "../src/engine/visible.ts";

/** Characters of a usage that fits into a list; `help <command>` has all of it. */
const LONG = 70;

/** Lists the commands of a catalogue that the asker may use, anywhere; `help <command>` explains one. */
export function helpFor(commands: readonly Command[]): Command {
  return {
    name: "help",
    usage: "help [command]",
    summary: "What you may do here",
    examples: ["help", "help rollback"],
    permission: null,
    positionals: ["command"],
    flags: {},
    async run(args, { actor }, { config, authorizer, playbooks }) {
      const named = args["command"];
      const known = commandsOf(commands, playbooks());
      if (named !== undefined) return { to: "asker", view: explain(named, known) };
      const items: Text[] = [];
      for (const { name, usage, summary, permission, helpsWith = [] } of known) {
        const any = permission === null ? helpsWith : [permission];
        const verdicts = await Promise.all(
          any.map((one) => mayAnywhere(authorizer, config.apps, actor, one)),
        );
        if (any.length === 0 || verdicts.some(Boolean))
          items.push([{ code: usage.length > LONG ? `${name} …` : usage }, ` ${summary}`]);
      }
      return {
        to: "asker",
        view: page(
          "What you may do",
          { type: "list", items },
          {
            type: "note",
            text: withCode(
              "`help <command>` explains one. In a thread, mention the app instead: Slack allows no slash commands there.",
            ),
          },
        ),
      };
    },
  };
}

function explain(name: string, commands: readonly Command[]) {
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) {
    const near = nearest(
      name,
      commands.map((candidate) => candidate.name),
    );
    throw new UserError(`There is no command "${name}".`, {
      why: near === undefined ? "No command has a similar name." : `Did you mean \`help ${near}\`?`,
      next: "`help` lists them all.",
    });
  }
  return page(
    command.name,
    { type: "text", text: command.summary },
    { type: "code", text: command.usage, language: "text" },
    { type: "list", items: command.examples.map((example) => ({ code: example })) },
  );
}
