import { readFileSync } from "node:fs";
import { targetOf } from "./domain/app.ts";
import { Config } from "./domain/config.ts";
import { UserError } from "./domain/errors.ts";
import { parseYaml } from "./engine/parse-yaml.ts";

/** Kept apart from the configuration so that logging the configuration is safe. */
export interface Secrets {
  slackBotToken: string;
  slackAppToken: string | null;
  slackSigningSecret: string | null;
  pagerdutyToken: string | null;
  pagerdutyWebhookSecrets: string[];
  alertmanagerToken: string | null;
  grafanaToken: string | null;
}

export interface Settings {
  config: Config;
  secrets: Secrets;
  /** null: the embedded PostgreSQL under `dataDir`. */
  databaseUrl: string | null;
  dataDir: string;
  port: number;
  host: string;
  slackApiUrl: string | null;
  pagerdutyApiUrl: string | null;
  kubeconfig: string | null;
  playbooks: string;
  logLevel: string;
  /** For finding programs (PostgreSQL's) and passing on to children. */
  env: Readonly<Record<string, string | undefined>>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** `NAME`, or the content of the file that `NAME_FILE` names (Docker and Kubernetes secrets). */
function setting(env: Env, name: string): string | null {
  const file = env[`${name}_FILE`];
  if (file !== undefined && file !== "") {
    try {
      return readFileSync(file, "utf8").trim();
    } catch (cause) {
      throw new UserError(`Cannot read ${name}_FILE: ${file}`, {
        next: "Check that the file exists and is readable.",
        cause,
      });
    }
  }
  const value = env[name]?.trim();
  return value === undefined || value === "" ? null : value;
}

/** References between parts of the file, which a schema cannot see. */
function dangling(config: Config): string[] {
  const problems: string[] = [];
  for (const [app, { environments }] of Object.entries(config.apps)) {
    for (const [name, environment] of Object.entries(environments)) {
      if (!(targetOf(environment).cluster in config.clusters))
        problems.push(`apps.${app}.environments.${name}.cluster: no cluster "${environment.cluster}"`);
    }
  }
  for (const [index, rule] of config.access.rules.entries()) {
    for (const role of rule.roles)
      if (!(role in config.access.roles)) problems.push(`access.rules.${index}.roles: no role "${role}"`);
    for (const app of rule.apps ?? [])
      if (!(app in config.apps)) problems.push(`access.rules.${index}.apps: no app "${app}"`);
  }
  return problems;
}

export function readConfig(file: string): Config {
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch (cause) {
    throw new UserError(`There is no configuration at ${file}`, {
      next: "Copy crai.example.yaml to crai.yaml and edit it, or set CRAI_CONFIG.",
      cause,
    });
  }
  const config = parseYaml(Config, file, source);
  const problems = dangling(config);
  if (problems.length > 0)
    throw new UserError(`${file} refers to things it does not define`, {
      why: problems.join("\n"),
      next: "Correct these names.",
    });
  return config;
}

/** Settings that have no default, with where to get them: `npm start` names every missing one and exits 2. */
function missing(secrets: Partial<Secrets>): string[] {
  const problems: string[] = [];
  if (secrets.slackBotToken === undefined)
    problems.push(
      "SLACK_BOT_TOKEN: api.slack.com/apps → your app → OAuth & Permissions → Bot User OAuth Token (xoxb-…)",
    );
  if (secrets.slackAppToken === null && secrets.slackSigningSecret === null) {
    problems.push(
      "SLACK_APP_TOKEN (Socket Mode: Basic Information → App-Level Tokens, scope connections:write, xapp-…) or SLACK_SIGNING_SECRET (HTTP: Basic Information → App Credentials)",
    );
  }
  return problems;
}

/** Reads the environment of `serve`. Throws a UserError that names everything missing at once. */
export function readSettings(env: Env = process.env): Settings {
  const common = readCommandLineSettings(env);
  const bot = setting(env, "SLACK_BOT_TOKEN");
  const problems = missing({
    ...common.secrets,
    ...(bot === null ? { slackBotToken: undefined as never } : { slackBotToken: bot }),
  });
  if (problems.length > 0)
    throw new UserError("Settings are missing", {
      why: problems.join("\n"),
      next: "Set them in the environment, or NAME_FILE to a file that holds the value. manifest.yml creates the Slack app.",
    });
  return common;
}

/** Known also while crai.yaml cannot be read. */
export function playbooksFolder(env: Env = process.env): string {
  return setting(env, "CRAI_PLAYBOOKS") ?? "playbooks";
}

/** The command line needs no Slack: it talks to the database and, with the caller's kubeconfig, to the cluster. */
export function readCommandLineSettings(env: Env = process.env): Settings {
  const port = Number(setting(env, "PORT") ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UserError(`PORT is no port number: ${env["PORT"]}`, { next: "Use a number from 0 to 65535." });
  return {
    config: readConfig(setting(env, "CRAI_CONFIG") ?? "crai.yaml"),
    secrets: {
      slackBotToken: setting(env, "SLACK_BOT_TOKEN") ?? "",
      slackAppToken: setting(env, "SLACK_APP_TOKEN"),
      slackSigningSecret: setting(env, "SLACK_SIGNING_SECRET"),
      pagerdutyToken: setting(env, "PAGERDUTY_TOKEN"),
      pagerdutyWebhookSecrets: (setting(env, "PAGERDUTY_WEBHOOK_SECRETS") ?? "")
        .split(",")
        .map((secret) => secret.trim())
        .filter(Boolean),
      alertmanagerToken: setting(env, "ALERTMANAGER_TOKEN"),
      grafanaToken: setting(env, "GRAFANA_TOKEN"),
    },
    databaseUrl: setting(env, "DATABASE_URL"),
    dataDir: setting(env, "CRAI_DATA_DIR") ?? ".crai",
    port,
    host: setting(env, "HOST") ?? "0.0.0.0",
    slackApiUrl: setting(env, "SLACK_API_URL"),
    pagerdutyApiUrl: setting(env, "PAGERDUTY_API_URL"),
    kubeconfig: setting(env, "KUBECONFIG"),
    playbooks: playbooksFolder(env),
    logLevel: setting(env, "LOG_LEVEL") ?? "info",
    env,
  };
}
