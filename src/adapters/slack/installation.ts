import type { webApi } from "@slack/bolt";
import { UserError } from "../../domain/errors.ts";
import { failureOf } from "./failure.ts";

/** Who crai is in Slack. */
interface Installation {
  team: string;
  teamName: string;
  botUser: string;
  botName: string;
  /** Scopes Slack says the token has; null when it does not say. */
  scopes: readonly string[] | null;
}

export interface InstallationSource {
  /** Asks Slack until it has answered once. UserError when Slack refuses the token. */
  get(): Promise<Installation>;
  /** null until Slack has answered. */
  known(): Installation | null;
  /** Asks Slack anew. */
  ask(): Promise<Installation>;
}

/** Why Slack does not let us in, as a person can act on it; undefined: something else went wrong. */
export function refusedAccess(error: unknown, setting: string): UserError | undefined {
  const failure = failureOf(error);
  if (failure?.kind !== "refused" || !failure.byAdmin) return undefined;
  return new UserError(`Slack does not accept ${setting} (${failure.code})`, {
    why: "The token is wrong, was revoked, or lacks a scope that manifest.yml asks for.",
    next: "Copy it again from api.slack.com/apps → your app; after a change of scopes reinstall the app (docs/slack-app.md).",
    cause: error,
  });
}

export function createInstallation(client: webApi.WebClient): InstallationSource {
  let known: Installation | null = null;

  async function ask(): Promise<Installation> {
    try {
      const answer = await client.auth.test();
      known = {
        team: answer.team_id ?? "",
        teamName: answer.team ?? "",
        botUser: answer.user_id ?? "",
        botName: answer.user ?? "",
        scopes: answer.response_metadata?.scopes ?? null,
      };
      return known;
    } catch (error) {
      throw refusedAccess(error, "SLACK_BOT_TOKEN") ?? error;
    }
  }

  return { get: async () => known ?? ask(), known: () => known, ask };
}
