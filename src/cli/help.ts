import { UserError } from "../domain/errors.ts";
import type { View } from "../domain/view.ts";
import { nearest } from "../engine/commands/nearest.ts";
import { page } from "../engine/page.ts";

interface Entry {
  name: string;
  usage: string;
  summary: string;
  examples: readonly string[];
}

/** What only the command line has. */
const own: readonly Entry[] = [
  {
    name: "check",
    usage: "check [playbook] [--files] | check --live | check --coverage <runbook.md>",
    summary:
      "Read crai.yaml and the playbooks, name everything that is wrong, with file and line, and carry out the tests that playbooks bring with them on a practice cluster (not with --files); or say what becomes of each item of a written runbook; with --live plan every playbook read-only against your clusters, as the observer of crai.yaml",
    examples: [
      "check",
      "check rollback",
      "check --files",
      "check --live",
      "check --coverage docs/runbook.md --out coverage.md",
    ],
  },
  {
    name: "audit",
    usage: "audit verify [--incident <number>] [--hash <hash>]",
    summary: "Prove that no timeline was changed: walk every chain, print its head",
    examples: ["audit verify", "audit verify --incident 12"],
  },
];

const options: readonly (readonly [string, string])[] = [
  ["--context <name>", "act with this context of your kubeconfig"],
  ["--incident <number>", "the incident it is about"],
  ["--yes", "confirm a plan without being asked"],
  ["--no-wait", "do not wait for another person's yes"],
  ["--out <file>", "where export writes"],
  ["--json", "one JSON document on standard output"],
];

/** Needs no database and no configuration: what there is, not what the asker may do. */
export function helpView(name: string | undefined, commands: readonly Entry[]): View {
  const known: readonly Entry[] = [...commands, ...own];
  if (name === undefined)
    return page(
      "crai, from the command line",
      {
        type: "text",
        text: "It acts with your own kubeconfig, on the database that crai serves; Slack is not needed.",
      },
      {
        type: "facts",
        facts: known.map(({ name: one, summary }) => ({ label: `crai ${one}`, value: summary })),
      },
      {
        type: "facts",
        facts: options.map(([label, value]) => ({ label, value })),
      },
      { type: "text", text: "crai help <command> explains one." },
    );
  const entry = known.find((candidate) => candidate.name === name);
  if (entry)
    return page(
      entry.name,
      { type: "text", text: entry.summary },
      { type: "code", text: `crai ${entry.usage}`, language: "text" },
      { type: "list", items: entry.examples.map((example) => ({ code: `crai ${example}` })) },
    );
  const near = nearest(
    name,
    known.map((candidate) => candidate.name),
  );
  throw new UserError(`There is no command "${name}".`, {
    why: near === undefined ? "No command has a similar name." : `Did you mean \`help ${near}\`?`,
    next: "`crai help` lists them all.",
  });
}
