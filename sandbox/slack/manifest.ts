import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

/** The parts of a Slack app manifest that decide what Slack lets the app do and tells it. */
const appManifest = z.object({
  display_information: z.object({ name: z.string() }).default({ name: "crai" }),
  features: z
    .object({
      app_home: z.object({ home_tab_enabled: z.boolean().default(false) }).prefault({}),
      slash_commands: z
        .array(
          z.object({
            command: z.string(),
            description: z.string().default(""),
            usage_hint: z.string().default(""),
          }),
        )
        .default([]),
      shortcuts: z
        .array(
          z.object({
            name: z.string(),
            type: z.enum(["message", "global"]),
            callback_id: z.string(),
            description: z.string().default(""),
          }),
        )
        .default([]),
    })
    .prefault({}),
  oauth_config: z
    .object({ scopes: z.object({ bot: z.array(z.string()).default([]) }).prefault({}) })
    .prefault({}),
  settings: z
    .object({ event_subscriptions: z.object({ bot_events: z.array(z.string()).default([]) }).prefault({}) })
    .prefault({}),
});

export type AppManifest = z.infer<typeof appManifest>;

/** Reads a manifest file as one would paste it into Slack; throws with the file's name when it does not fit. */
export function readManifest(path: string): AppManifest {
  try {
    return appManifest.parse(parse(readFileSync(path, "utf8")));
  } catch (error) {
    throw new Error(`Slack app manifest ${path} cannot be used`, { cause: error });
  }
}

/** Fills in what a partial manifest leaves out. */
export function completeManifest(partial: z.input<typeof appManifest>): AppManifest {
  return appManifest.parse(partial);
}
