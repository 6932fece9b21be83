import { permissions, type Permission } from "../src/domain/access.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { page } from "../src/engine/page.ts";
import { mayAnywhere } from "../src/engine/visible.ts";

export const whoami: Command = {
  name: "whoami",
  usage: "whoami",
  summary: "Your roles, what you may do, and the Kubernetes user your actions run as",
  examples: ["whoami"],
  permission: null,
  positionals: [],
  flags: {},
  async run(_args, { actor }, { config, authorizer, clusters }) {
    const roles = [...(await authorizer.roles(actor))];
    const may: string[] = [];
    for (const permission of Object.keys(permissions) as Permission[])
      if (await mayAnywhere(authorizer, config.apps, actor, permission)) may.push(permissions[permission]);
    const identities = await Promise.all(
      clusters.names().map(async (name) => {
        try {
          const { user, groups } = await clusters.as(actor, name).whoAmI();
          return `${name}: ${user}${groups.length > 0 ? ` (${groups.join(", ")})` : ""}`;
        } catch (error) {
          return `${name}: ${error instanceof Error ? error.message : "not known"}`;
        }
      }),
    );
    return {
      to: "asker",
      view: page(
        `You are ${actor.name}`,
        {
          type: "facts",
          facts: [
            { label: "Roles", value: roles.join(", ") || "none" },
            { label: "Kubernetes", value: identities.join("; ") },
          ],
        },
        may.length > 0 ? { type: "text", text: [{ bold: "You may" }] } : null,
        may.length > 0
          ? { type: "list", items: may }
          : {
              type: "text",
              text: "You may do nothing but ask. Whoever keeps crai.yaml can add you to a role.",
            },
      ),
    };
  },
};
