import { actions } from "../actions/index.ts";
import { playbooksFolder } from "../config.ts";
import { commands } from "../../commands/index.ts";
import type { Command } from "../engine/commands/command.ts";
import { commandsOf } from "../engine/commands/playbook-command.ts";
import { loadPlaybooks } from "../engine/playbooks/load-playbooks.ts";
import { indexActions } from "../engine/playbooks/loaded.ts";

/** The catalogue and the playbooks of this folder. Throws a UserError for playbooks that cannot be loaded. */
export function commandsHere(): readonly Command[] {
  return commandsOf(commands, loadPlaybooks(playbooksFolder(), indexActions(actions)));
}
