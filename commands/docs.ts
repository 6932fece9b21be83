import { UserError } from "../src/domain/errors.ts";
import type { Text } from "../src/domain/view.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { nearest } from "../src/engine/commands/nearest.ts";
import { page } from "../src/engine/page.ts";

interface Link {
  topic: string;
  url: string;
  /** The app it is about; null: the whole organization. */
  app: string | null;
}

/** Every word of the topic, in any order, at the beginning of a word of the name: `sec pol` finds Security Policies. */
function isAbout({ topic, app }: Link, asked: string): boolean {
  const words = `${app ?? ""} ${topic}`.toLowerCase().split(/\s+/);
  const wanted = asked.toLowerCase().split(/\s+/);
  return wanted.every((want) => words.some((word) => word.startsWith(want)));
}

function itemOf({ topic, url, app }: Link): Text {
  return [{ link: url, text: app === null ? topic : `${app}: ${topic}` }];
}

export const docs: Command = {
  name: "docs",
  usage: "docs [topic]",
  summary: "Links to the documentation, of the incident's app first",
  examples: ["docs", "docs security", "docs api"],
  permission: "crai:inspect",
  positionals: ["topic…"],
  flags: {},
  async run({ topic }, { incident }, { config }) {
    const links: Link[] = [
      ...Object.entries(config.apps).flatMap(([app, { docs: own }]) =>
        Object.entries(own).map(([name, url]) => ({ topic: name, url, app })),
      ),
      ...Object.entries(config.docs).map(([name, url]) => ({ topic: name, url, app: null })),
    ];
    const found = topic === undefined ? links : links.filter((link) => isAbout(link, topic));
    if (found.length === 0) {
      const guess =
        topic === undefined
          ? undefined
          : nearest(
              topic,
              links.map((link) => link.topic),
            );
      throw new UserError(
        topic === undefined ? "No documentation is known." : `No documentation is about ${topic}.`,
        {
          why: "crai.yaml names documents under `docs`, and under `docs` of each app.",
          next: guess === undefined ? "`docs` lists all of them." : `Did you mean \`docs ${guess}\`?`,
        },
      );
    }
    const here = found.filter(({ app }) => app !== null && app === incident?.app);
    const shown = [...here, ...found.filter((link) => !here.includes(link))];
    return { to: "asker", view: page("Documentation", { type: "list", items: shown.map(itemOf) }) };
  },
};
