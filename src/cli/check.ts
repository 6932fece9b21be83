import { commands } from "../../commands/index.ts";
import { actions } from "../actions/index.ts";
import { playbooksFolder, readCommandLineSettings } from "../config.ts";
import { isUserError, type UserError } from "../domain/errors.ts";
import { takenNames } from "../engine/commands/playbook-command.ts";
import { loadPlaybooks } from "../engine/playbooks/load-playbooks.ts";
import { indexActions } from "../engine/playbooks/loaded.ts";

export interface Checked {
  /** What is in order, one line each. */
  fine: string[];
  /** Problems with file:line:column, all of them. */
  problems: string[];
  /** Names of the playbooks; null: they cannot be read. */
  playbooks: string[] | null;
}

function problemsOf(error: UserError): string[] {
  const lines = error.why?.split("\n") ?? [];
  return lines.length === 0 ? [error.message] : lines;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Reads crai.yaml and the playbooks as `serve` would. */
export function checkFiles(): Checked {
  const checked: Checked = { fine: [], problems: [], playbooks: null };
  function attempt(read: () => string): void {
    try {
      checked.fine.push(read());
    } catch (error) {
      if (!isUserError(error)) throw error;
      checked.problems.push(...problemsOf(error));
    }
  }
  const folder = playbooksFolder();
  attempt(() => {
    const { config } = readCommandLineSettings();
    const names = Object.keys(config.apps);
    return `crai.yaml: ${count(names.length, "app")} (${names.join(", ")}), ${count(config.access.rules.length, "access rule")}`;
  });
  attempt(() => {
    const playbooks = [...loadPlaybooks(folder, indexActions(actions), takenNames(commands)).values()];
    checked.playbooks = playbooks.map(({ metadata }) => metadata.name);
    const names = playbooks.map(({ metadata: { name, version } }) => `${name} v${version}`);
    return `${folder}: ${count(names.length, "playbook")} (${names.join(", ")})`;
  });
  return checked;
}
