import { permissions } from "../../src/domain/access.ts";
import { configSchema, type JsonSchema } from "./json-schema.ts";
import { keyRows, table } from "./table.ts";

/** Name, default, meaning. Held to src/config.ts by reference.test.ts. */
export const environment: readonly (readonly [name: string, fallback: string, meaning: string])[] = [
  ["CRAI_CONFIG", "`crai.yaml`", "The configuration file, see below"],
  ["CRAI_PLAYBOOKS", "`playbooks`", "The folder of the playbooks, see [playbooks.md](playbooks.md)"],
  [
    "DATABASE_URL",
    "embedded PostgreSQL under `CRAI_DATA_DIR`",
    "PostgreSQL 15 or newer, `postgres://user:password@host/database`. crai makes its own tables there and is the only `serve` on it",
  ],
  [
    "CRAI_DATA_DIR",
    "`.crai`",
    "Folder of the embedded PostgreSQL and of compiled code; with `DATABASE_URL` of that only, and it may then be read-only",
  ],
  ["PORT", "`8080`", "HTTP: webhooks, `/healthz`, `/readyz`, `/metrics`, and Slack in HTTP mode"],
  ["HOST", "`0.0.0.0`", "Address to listen on"],
  ["LOG_LEVEL", "`info`", "`trace`, `debug`, `info`, `warn`, `error` or `fatal`; logs are JSON lines"],
  ["SLACK_BOT_TOKEN", "required", "Bot token (`xoxb-…`), see [slack-app.md](slack-app.md)"],
  ["SLACK_APP_TOKEN", "this or the next", "App-level token (`xapp-…`): Socket Mode, nothing to expose"],
  ["SLACK_SIGNING_SECRET", "this or the last", "HTTP mode: Slack posts to `/slack/events`"],
  ["SLACK_API_URL", "Slack's", "For GovSlack, and for tests"],
  ["PAGERDUTY_TOKEN", "no PagerDuty", "REST API key: who is on call, and following incidents"],
  ["PAGERDUTY_API_URL", "the US region", "`https://api.eu.pagerduty.com` for the EU region"],
  [
    "PAGERDUTY_WEBHOOK_SECRETS",
    "webhook refused",
    "Secrets of the V3 webhook subscription to `/webhooks/pagerduty`, separated by commas while one is being replaced",
  ],
  [
    "ALERTMANAGER_TOKEN",
    "webhook refused",
    "Bearer token that Alertmanager sends to `/webhooks/alertmanager`",
  ],
  ["GRAFANA_TOKEN", "webhook refused", "Bearer token that Grafana sends to `/webhooks/grafana`"],
  [
    "MLFLOW_TRACKING_TOKEN",
    "none is sent",
    "Bearer token of crai's own account at the model registry (`apps.<name>.model`)",
  ],
  [
    "KUBECONFIG",
    "`~/.kube/config`",
    "Contexts that `clusters` name. crai's own account there needs the right to impersonate and little else, see [deploy/rbac.yaml](../deploy/rbac.yaml)",
  ],
];

function section(name: string, schema: JsonSchema, required: boolean): string {
  const about = `${schema.description ?? ""}${required ? " (required)" : ""}`;
  const inner = keyRows({ properties: { [name]: schema } }).slice(1);
  const rows =
    inner.length === 0
      ? schema.type === "object"
        ? " A map from names to text."
        : ` Default: \`${String(schema.default)}\`.`
      : `\n\n${table(["Key", "Type", "Default", "Meaning"], inner)}`;
  return `### ${name}\n\n${about.charAt(0).toUpperCase()}${about.slice(1)}.${rows}`;
}

export function configurationPage(): string {
  const schema = configSchema();
  const required = new Set(schema.required);
  const sections = Object.entries(schema.properties ?? {}).map(([name, value]) =>
    section(name, value as JsonSchema, required.has(name)),
  );
  return `<!-- Written by \`npm run docs\` from src/domain/config.ts and test/reference/configuration.ts. -->

# Configuration

crai reads its environment, one YAML file and a folder of [playbooks](playbooks.md). It starts only when all of them
are right: a setting that is missing is named together with where to get it (exit status 2), and a mistake in a file is
named with file, line and column, all mistakes at once.

## Environment

Secrets come only from the environment. Each name may also be given as \`NAME_FILE\`, a file that holds the value, as
Docker and Kubernetes mount secrets. The command line (\`npm run crai -- …\`) works
without Slack's and PagerDuty's; roles by user group or by schedule count there only with \`SLACK_BOT_TOKEN\` and
\`PAGERDUTY_TOKEN\`.

${table(
  ["Name", "Default", "Meaning"],
  environment.map(([name, fallback, meaning]) => [`\`${name}\``, fallback, meaning]),
)}

## crai.yaml

[\`crai.example.yaml\`](../crai.example.yaml) is a whole one to copy. Editors complete and check it with
[\`schema/crai.schema.json\`](../schema/crai.schema.json) by this first line:

\`\`\`yaml
# yaml-language-server: $schema=./schema/crai.schema.json
\`\`\`

Keys that are not listed here are refused. \`<name>\` stands for a name you choose, \`[]\` for each entry of a list. A
duration is written \`90s\`, \`10m\` or \`1h30m\`.

${sections.join("\n\n")}

## Permissions

What \`access.rules[].allow\` may grant. \`rollout:*\` grants all that begin with \`rollout:\`, \`*\` grants everything. A
permission in crai never replaces the cluster's: every call is made as the person who asked, and the cluster's own
RBAC decides.

${table(
  ["Permission", "What it allows"],
  Object.entries(permissions).map(([name, meaning]) => [`\`${name}\``, meaning]),
)}
`;
}
