import { readFileSync } from "node:fs";
import { z } from "zod";
import { quoted } from "./domain/clean-text.ts";
import { Config } from "./domain/config.ts";
import { isUserError, UserError } from "./domain/errors.ts";
import { parseYaml, type Problem } from "./engine/parse-yaml.ts";

/** Kept apart from the configuration so that logging the configuration is safe. */
export interface Secrets {
  slackBotToken: string;
  slackAppToken: string | null;
  slackSigningSecret: string | null;
  pagerdutyToken: string | null;
  pagerdutyWebhookSecrets: string[];
  alertmanagerToken: string | null;
  grafanaToken: string | null;
  mlflowToken: string | null;
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

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

type Env = Readonly<Record<string, string | undefined>>;

/** `NAME`, or the content of the file that `NAME_FILE` names (Docker and Kubernetes secrets). */
function setting(env: Env, name: string): string | null {
  const file = env[`${name}_FILE`];
  if (file !== undefined && file !== "") {
    try {
      return readFileSync(file, "utf8").trim();
    } catch (cause) {
      throw new UserError(`Cannot read ${name}_FILE: ${file}`, {
        why: cause instanceof Error ? cause.message : String(cause),
        next: "Check that the file exists and is readable.",
        cause,
      });
    }
  }
  const value = env[name]?.trim();
  return value === undefined || value === "" ? null : value;
}

/** As much of the file as names things, whatever else is wrong with it. */
const names = z.array(z.string().catch("")).catch([]);
const named = z.record(z.string(), z.unknown()).catch({});
const Named = z
  .object({
    clusters: named,
    contacts: named,
    escalation: z.array(z.object({ contact: z.string().optional() }).catch({})).catch([]),
    invitations: z.record(z.string(), names).catch({}),
    manifests: z.object({ follow: names }).catch({ follow: [] }),
    preflight: z.object({ attest: named }).catch({ attest: {} }),
    dashboards: z
      .record(
        z.string(),
        z
          .object({
            metrics: names,
            panels: z
              .record(
                z.string(),
                z.object({ app: z.string().optional(), cluster: z.string().optional() }).catch({}),
              )
              .catch({}),
          })
          .catch({ metrics: [], panels: {} }),
      )
      .catch({}),
    apps: z
      .record(
        z.string(),
        z
          .object({
            metrics: named,
            database: z.object({ writers: names }).catch({ writers: [] }),
            environments: z
              .record(z.string(), z.object({ cluster: z.string() }).optional().catch(undefined))
              .catch({}),
          })
          .catch({ metrics: {}, database: { writers: [] }, environments: {} }),
      )
      .catch({}),
    access: z
      .object({
        roles: named,
        rules: z.array(z.object({ roles: names, apps: names }).catch({ roles: [], apps: [] })).catch([]),
      })
      .catch({ roles: {}, rules: [] }),
  })
  .catch({
    clusters: {},
    contacts: {},
    escalation: [],
    invitations: {},
    manifests: { follow: [] },
    preflight: { attest: {} },
    dashboards: {},
    apps: {},
    access: { roles: {}, rules: [] },
  });

type Named = z.infer<typeof Named>;

function danglingInDashboards({ clusters, apps, dashboards }: Named): Problem[] {
  return Object.entries(dashboards).flatMap(([dashboard, { metrics, panels }]) => {
    const ofApps = metrics.flatMap((text, index): Problem[] => {
      const [app = "", metric = ""] = text.split("/");
      if (text === "" || Object.hasOwn(apps[app]?.metrics ?? {}, metric)) return [];
      return [{ path: ["dashboards", dashboard, "metrics", index], message: `no metric "${text}"` }];
    });
    const own = Object.entries(panels).flatMap(([panel, { app, cluster }]): Problem[] => {
      const path = ["dashboards", dashboard, "panels", panel];
      return [
        ...(app === undefined || Object.hasOwn(apps, app)
          ? []
          : [{ path: [...path, "app"], message: `no app "${app}"` }]),
        ...(cluster === undefined || Object.hasOwn(clusters, cluster)
          ? []
          : [{ path: [...path, "cluster"], message: `no cluster "${cluster}"` }]),
      ];
    });
    return [...ofApps, ...own];
  });
}

function danglingContacts({ contacts, escalation, invitations }: Named): Problem[] {
  const named = [
    ...escalation.map(({ contact }, index) => ({ name: contact, path: ["escalation", index, "contact"] })),
    ...Object.entries(invitations).flatMap(([kind, of]) =>
      of.map((name, index) => ({ name, path: ["invitations", kind, index] })),
    ),
  ];
  return named.flatMap(({ name = "", path }) =>
    name === "" || Object.hasOwn(contacts, name) ? [] : [{ path, message: `no contact "${name}"` }],
  );
}

/** References between parts of the file, which a schema cannot see. */
function dangling(document: unknown): Problem[] {
  const read = Named.parse(document);
  const { clusters, apps, access } = read;
  const inApps = Object.entries(apps).flatMap(([app, { environments }]) =>
    Object.entries(environments).flatMap(([name, environment]) =>
      environment === undefined || Object.hasOwn(clusters, environment.cluster)
        ? []
        : [
            {
              path: ["apps", app, "environments", name, "cluster"],
              message: `no cluster "${environment.cluster}"`,
            },
          ],
    ),
  );
  const inRules = access.rules.flatMap(({ roles, apps: of }, index) => {
    const missing = (kind: "roles" | "apps", given: string[], known: object): Problem[] =>
      given.flatMap((name, at) =>
        name === "" || Object.hasOwn(known, name)
          ? []
          : [{ path: ["access", "rules", index, kind, at], message: `no ${kind.slice(0, -1)} "${name}"` }],
      );
    return [...missing("roles", roles, access.roles), ...missing("apps", of, apps)];
  });
  const inManifests = read.manifests.follow.flatMap((app, index): Problem[] =>
    app === "" || Object.hasOwn(apps, app)
      ? []
      : [{ path: ["manifests", "follow", index], message: `no app "${app}"` }],
  );
  const inDatabases = Object.entries(apps).flatMap(([app, { database }]) =>
    database.writers.flatMap((writer, index): Problem[] =>
      writer === "" || Object.hasOwn(apps, writer)
        ? []
        : [{ path: ["apps", app, "database", "writers", index], message: `no app "${writer}"` }],
    ),
  );
  const inAttest = Object.entries(read.preflight.attest).flatMap(([item, role]): Problem[] =>
    typeof role !== "string" || Object.hasOwn(access.roles, role)
      ? []
      : [{ path: ["preflight", "attest", item], message: `no role "${role}"` }],
  );
  return [
    ...inApps,
    ...inDatabases,
    ...inRules,
    ...inManifests,
    ...inAttest,
    ...danglingInDashboards(read),
    ...danglingContacts(read),
  ];
}

export function readConfig(file: string): Config {
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch (cause) {
    throw new UserError(`There is no configuration at ${file}`, {
      why: cause instanceof Error ? cause.message : String(cause),
      next: "Copy crai.example.yaml to crai.yaml and edit it, or set CRAI_CONFIG.",
      cause,
    });
  }
  return parseYaml(Config, { file, source }, dangling);
}

function inLines({ message, why, next }: UserError): string {
  return [`${message}:`, why, next].join("\n");
}

/** Runs all of them; what they refuse is thrown at once. */
function together<Parts extends Record<string, () => unknown>>(
  parts: Parts,
): { [Name in keyof Parts]: ReturnType<Parts[Name]> } {
  const refusals: UserError[] = [];
  const read = Object.entries(parts).map(([name, part]) => {
    try {
      return [name, part()] as const;
    } catch (error) {
      if (!isUserError(error)) throw error;
      refusals.push(error);
      return [name, undefined] as const;
    }
  });
  const [first, ...more] = refusals;
  if (first === undefined)
    return Object.fromEntries(read) as { [Name in keyof Parts]: ReturnType<Parts[Name]> };
  if (more.length === 0) throw first;
  throw new UserError("Settings are missing or wrong", {
    why: [...new Set(refusals.map(inLines))].join("\n"),
    next: "docs/configuration.md has everything that can be set.",
  });
}

/** Throws a UserError that names what has no default, with where to get it. */
function demandSlack({ slackBotToken, slackAppToken, slackSigningSecret }: Secrets): void {
  const problems: string[] = [];
  if (slackBotToken === "")
    problems.push(
      "SLACK_BOT_TOKEN: api.slack.com/apps → your app → OAuth & Permissions → Bot User OAuth Token (xoxb-…)",
    );
  if (slackAppToken === null && slackSigningSecret === null) {
    problems.push(
      "SLACK_APP_TOKEN (Socket Mode: Basic Information → App-Level Tokens, scope connections:write, xapp-…) or SLACK_SIGNING_SECRET (HTTP: Basic Information → App Credentials)",
    );
  }
  if (problems.length > 0)
    throw new UserError("Settings are missing", {
      why: problems.join("\n"),
      next: "Set them in the environment, or NAME_FILE to a file that holds the value. manifest.yml creates the Slack app.",
    });
}

/** Reads the environment of `serve`. Throws a UserError that names everything missing or wrong at once. */
export function readSettings(env: Env = process.env): Settings {
  return together({
    slack: () => demandSlack(readSecrets(env)),
    settings: () => readCommandLineSettings(env),
  }).settings;
}

/** Known also while crai.yaml cannot be read. */
export function playbooksFolder(env: Env = process.env): string {
  return setting(env, "CRAI_PLAYBOOKS") ?? "playbooks";
}

function readSecrets(env: Env): Secrets {
  return {
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
    mlflowToken: setting(env, "MLFLOW_TRACKING_TOKEN"),
  };
}

function readPort(env: Env): number {
  const given = setting(env, "PORT") ?? "8080";
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UserError(`PORT is no port number: ${quoted(given)}`, {
    why: "Webhooks and health checks come to it.",
    next: "Use a number from 0 to 65535.",
  });
}

function readLogLevel(env: Env): string {
  const given = setting(env, "LOG_LEVEL") ?? "info";
  if (logLevels.includes(given)) return given;
  throw new UserError(`LOG_LEVEL is no level: ${quoted(given)}`, {
    why: "It says how much is logged.",
    next: `Use one of: ${logLevels.join(", ")}.`,
  });
}

/** The command line needs no Slack: it talks to the database and, with the caller's kubeconfig, to the cluster. */
export function readCommandLineSettings(env: Env = process.env): Settings {
  const read = together({
    config: () => readConfig(setting(env, "CRAI_CONFIG") ?? "crai.yaml"),
    secrets: () => readSecrets(env),
    port: () => readPort(env),
    logLevel: () => readLogLevel(env),
  });
  return {
    ...read,
    databaseUrl: setting(env, "DATABASE_URL"),
    dataDir: setting(env, "CRAI_DATA_DIR") ?? ".crai",
    host: setting(env, "HOST") ?? "0.0.0.0",
    slackApiUrl: setting(env, "SLACK_API_URL"),
    pagerdutyApiUrl: setting(env, "PAGERDUTY_API_URL"),
    kubeconfig: setting(env, "KUBECONFIG"),
    playbooks: playbooksFolder(env),
    env,
  };
}
