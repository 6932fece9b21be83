import { isBefore } from "date-fns/isBefore";
import { parseISO } from "date-fns/parseISO";
import type { Command } from "../src/engine/commands/command.ts";
import { page, table } from "../src/engine/page.ts";

export const playbooks: Command = {
  name: "playbooks",
  usage: "playbooks",
  summary: "The playbooks in force: what each carries out, its owner, and whether its review is due",
  examples: ["playbooks"],
  permission: "crai:inspect",
  positionals: [],
  flags: {},
  async run(_args, { now }, { playbooks: inForce }) {
    const rows = [...inForce().values()].map(({ metadata, command, risk }) => [
      `${metadata.name} v${metadata.version}`,
      command?.usage ?? "",
      risk,
      metadata.owner,
      isBefore(parseISO(metadata.nextReview), now())
        ? `overdue since ${metadata.nextReview}`
        : `by ${metadata.nextReview}`,
    ]);
    return {
      to: "asker",
      view: page("Playbooks in force", table(["Playbook", "Usage", "Risk", "Owner", "Review"], rows)),
    };
  },
};
