import { readFileSync } from "node:fs";
import { actions } from "../../src/actions/index.ts";
import { inputTypes } from "../../src/domain/playbook.ts";
import { people, paramsSchema, playbookSchema } from "./json-schema.ts";
import { keyRows, table } from "./table.ts";

/** What each action does; reference.test.ts holds the names to the catalogue. */
export const summaries: Readonly<Record<string, string>> = {
  "rollout-undo":
    "Puts the pod template of an earlier revision back, as `kubectl rollout undo` does: Deployment, StatefulSet, DaemonSet.",
  "template-restore":
    "Puts a recorded template back. It is the inverse that other actions record, and what `undo` runs; a playbook rarely names it.",
  "rollout-restart": "Replaces all pods one after the other, as `kubectl rollout restart` does.",
  "pods-restart":
    "Evicts exactly the pods of the app that have failed, by UID, so that the workload makes them anew, and waits until all are ready. Disruption budgets are kept: what one holds is named, and `retry` tries it again.",
  scale:
    "Sets the number of replicas, or so many more. Says before what else has a say in it (an autoscaler, a quota, GitOps), and is superseded, never successful, when somebody else sets another number meanwhile. Fewer pods than run now take a second person's yes.",
  limits:
    "Sets the CPU and memory limits of one container, or so much more, as `kubectl set resources` does; nothing else of the template changes. Says before what a quota, a LimitRange, the nodes' size, the quality-of-service class and a VerticalPodAutoscaler have to do with it. A lower limit takes a second person's yes.",
  "rollout-wait":
    "Waits until the rollout is done, as `kubectl rollout status` does, and ends early when it is stuck or superseded.",
  "manifest-apply":
    "Applies files of `manifests.directory` by server-side apply as the person who asks, Namespaces first, with the tag set on the apps that follow it. What changes is found out by a dry run; a conflict with another field manager is named.",
  "manifest-restore":
    "Puts back the fields that `manifest-apply` wrote and removes what it made. It is the inverse that `manifest-apply` records; a Namespace, a volume or a StatefulSet is never removed.",
  "workload-wait":
    "Waits until the workloads of these manifests are rolled out, and ends early when one is stuck, cannot make pods or is superseded.",
  "ingress-check":
    "Looks at the Ingresses of these manifests: an address, ready back-ends behind every Service, TLS for every host.",
  "http-check": "Asks the app's health URLs (`apps.<name>.environments.<name>.health`); only 2xx counts.",
  "metrics-check":
    "Watches the app's metrics after the settle time: under their bounds is cured, over is not cured, too little data is unknown.",
  "job-run":
    "Runs a Job of `jobs` in crai.yaml once and waits for its end: its last lines show while it runs, its exit code decides, and its figures are `values.report`. It is ended when the run is stopped.",
  "parameter-set":
    "Sets one value of a ConfigMap (`apps.<name>.parameters`), within the bounds that crai.yaml gives; a change by somebody else in between is never written over.",
  "config-check":
    "Whether the app's configuration is whole: keys that must be there (`apps.<name>.diagnose.configuration`), parameters within their bounds, what its pods name, and what is not as the manifests say.",
  "cache-check":
    "Whether the app's Redis (`apps.<name>.diagnose.cache`) answers, how much of what it is asked it knows, its memory and what it threw away.",
  "probe-queries":
    "The queries that took the most time (pg_stat_statements, without literals) and large tables that are read from end to end. Hints; nothing is changed.",
  "sessions-end":
    "Ends connections of the app's database that wait for their client for so long, by psql in its pod: those that the plan names and no others, never a superuser's, a replication's or crai's own.",
  "model-version-set":
    "Points the alias of the app's model (`apps.<name>.model`) at another version in the registry; figures of both are compared first, and what is in force is read once more just before.",
  "model-served-check":
    "Whether the app has loaded the version of its model that the registry says is in force.",
  "model-load-check":
    "Whether the app can load its model: which version is to be loaded, whether the registry has it whole, and what the logs say of it.",
  "model-compare":
    "Holds the version of the model that was registered since the plan against the one in force. It puts nothing in force.",
  "report-check": "Holds the figures that a Job reported to bounds; a figure that is missing is unknown.",
  "tls-check":
    "Looks at the TLS of every domain of crai.yaml: which versions are spoken and refused, chain, names, and days left.",
  "pods-check": "Whether every pod in the namespaces of the environment is ready; pods of Jobs do not count.",
  "services-check": "Whether every Service in the namespaces of the environment has a ready endpoint.",
  "incident-check":
    "Refuses, and ends the run, while the app has an incident that is not resolved: for what puts load on it.",
  "incident-fact": "Whether the record of the run's incident shows that something was done.",
  "evidence-collect":
    "Keeps copies of the app's pods, their logs and those before a restart, events, image digests, nodes and NetworkPolicies in crai's database, under a manifest of SHA-256 hashes whose own hash stands on the timeline. It reads only.",
  quarantine:
    "Isolates the app's pods by a NetworkPolicy that lets nothing through but what `emergency.quarantine` says; says which other policies still do, and that the API does not tell whether any is enforced.",
  "quarantine-lift":
    "Removes exactly the NetworkPolicy that `quarantine` made. It is the inverse that it records.",
  "cron-suspend": "Keeps a CronJob from starting Jobs, or lets it again.",
  "revoke-tokens":
    "Deletes the token Secrets of the service account that the app runs as, and says which tokens it cannot revoke and what ends those. There is no undo.",
  cordon: "Lets no new pods come to a node, as `kubectl cordon` does.",
  uncordon: "Lets pods come to a node again, as `kubectl uncordon` does.",
  drain:
    "Cordons a node and evicts its pods, as `kubectl drain --ignore-daemonsets` does; a disruption budget is never broken.",
  "system-status":
    "How many replicas of each app of the environment are ready; looked at once, however it stands.",
  "cluster-check":
    "Whether the cluster is what the runbook demands of one: version, CPU and memory of each node, GPUs, storage.",
  "nodes-joined":
    "Waits for nodes that were not there when it was planned, until so many are ready for pods, and says whether pods still wait for room.",
  "isolation-check":
    "Whether every app's pods are under a NetworkPolicy, have the Secrets and ConfigMaps that they name, and run as no account that may do everything. What the person may not see is left to people.",
  "entrance-check": "Whether every Ingress of the environment has an address, and TLS for every host.",
  "backup-check": "Whether the CronJobs that back up have succeeded lately.",
  "backup-files":
    "Lists the backups of every database of the environment (`apps.<name>.database`) with size and age; the newest must be recent, and readable to its end.",
  "database-backup":
    "Chooses the backup that `restore-database` restores and reads it to its end, before anything is changed. Its plan says what is lost, which rows are newer, and whether two copies have room.",
  "database-save": "Takes a backup of the database in force with pg_dump and reads it to its end.",
  "database-load":
    "Restores the chosen backup into a database of its own beside the one in force: all or nothing, with owner, locale, settings and rights of the one in force.",
  "database-compare":
    "Counts every table of the restored database and of the one in force, and fails where a constraint or an index is missing or not valid. Its `values.summary` says what vanishes.",
  "writers-stop":
    "Scales the apps that write to a database (`apps.<name>.database.writers`) to zero, and keeps how many pods each had.",
  "database-swap":
    "Renames two databases in one transaction, so that the restored one is in force and the one before is kept, closed to connections. Refused while somebody is at work in it.",
  "writers-start": "Scales what `writers-stop` stopped up again, and waits until it is ready.",
  "database-discard": "Drops the restored database again where nobody wanted the swap.",
  "database-rows": "Whether the database in force answers, with the rows of every table.",
  "ready-check": "Whether what watches over the system (`preflight.workloads`) is rolled out.",
  "figures-check":
    "Whether figures of the model (`preflight.figures`), read from Prometheus, are within their bounds.",
  "evidence-check": "What CI (`preflight.evidence`) says of one kind of tests of exactly this tag.",
  "preflight-required":
    "Holds a deploy up where a checklist is required (`preflight.required`) and none has passed for the tag, unless somebody gives a reason; during a sev1 or sev2 a tag that ran well within 30 days needs none.",
  "dashboard-check":
    "Whether everything that the dashboards show is within its target, and how it went; what is not known is left to people.",
  "alerts-check":
    "Which alerts fire or have come lately. Those of security incidents and breaches are told of to their members only, and never here.",
  "errors-check":
    "Errors in the logs of all apps, those that are alike counted together; what looks like a secret is hidden.",
  "trend-check":
    "How the resources of a dashboard go, with a picture, and when each will be at its limit if it goes on like this, with the range that the readings leave open.",
  "reviews-check": "Whether every playbook has been looked through by its review date.",
  "all-passed":
    "The last step of a playbook whose steps may each fail (`continue_on_failure`): fails when one of them did.",
  "probe-pods": "Every pod of the namespace: phase, restarts, why it waits, and which ran out of memory.",
  "probe-events": "Warnings of the namespace, those that are alike counted together.",
  "probe-logs":
    "Errors in the logs of the newest pods of the app, before a restart too, those that are alike counted together with one example; what looks like a secret is hidden.",
  "probe-usage":
    "What `kubectl top pods` shows, held against the limits; says so where the cluster has no metrics API.",
  "probe-nodes": "Whether the nodes are ready and under pressure, and how much of them is used.",
  "probe-metrics": "Every metric of the app now (`apps.<name>.metrics`), held against its target.",
  "probe-throttling": "In which share of its periods the CPU of the app was throttled.",
  "probe-endpoints": "P95 latency by endpoint (`apps.<name>.diagnose.endpoints`).",
  "probe-database":
    "Whether the database of the app (`apps.<name>.diagnose.database`) has ready addresses and answers `pg_isready`.",
  "probe-sessions":
    "Connections, lock waits and the longest transaction of the database, read from pg_stat_activity by psql in its pod.",
  "probe-model": "Figures of the model from a URL that answers with JSON (`apps.<name>.diagnose.model`).",
  "probe-changes":
    "What changed lately in the namespace: rollouts of every app, ConfigMaps, autoscaling, and runs of crai.",
  findings:
    "Judges what the probes saw: what explains the symptom best, with its evidence, and a button for what may help.",
};

function actionSection(name: string): string {
  const action = actions.find((candidate) => candidate.name === name);
  if (!action) throw new Error(`There is no action ${name}`);
  const rows = keyRows(paramsSchema(action.params));
  const params =
    rows.length === 0 ? "Takes no parameters." : table(["Parameter", "Type", "Default", "Meaning"], rows);
  return `### ${name}

${summaries[name]}

${action.apply === undefined ? "Looks only, so it may stand under `verify`." : "Changes things."} Needs \`${action.permission}\`.

${params}`;
}

/** The steps of a `parallel`, and those that verify, have the keys of any step. */
function isOwnRow([key = ""]: readonly string[]): boolean {
  return !/\.parallel\[\]|^`verify\[\]/.test(key);
}

/** Kinds of value of inputs. */
function inputRows(): string[][] {
  return Object.entries(inputTypes).map(([name, meaning]) => [`\`${name}\``, meaning]);
}

export function playbooksPage(): string {
  return `<!-- Written by \`npm run docs\` from src/domain/playbook.ts, src/actions/ and test/reference/playbooks.ts. -->

# Playbooks

A playbook is one procedure of your runbook as a YAML file in \`playbooks/\`. It says what may start it, who must say
yes, which actions change something, and what has to be seen afterwards before it counts as a success. A new procedure
is a new file, not new code. The files are read when crai starts and again when one of them changes; if one is wrong,
every mistake is named with file and line and the playbooks that were in force stay in force. \`npm run crai -- check --files\`
reads them without starting anything; without \`--files\` it carries out their tests, too.

This is the whole of [\`playbooks/rollback.yaml\`](../playbooks/rollback.yaml):

\`\`\`yaml
${readFileSync("playbooks/rollback.yaml", "utf8").trim()}
\`\`\`

## How it runs

1. **Plan.** Every step is worked out against the live cluster as the person who asks: what changes, whether the
   cluster allows it, what undoes it. Nothing is touched.
2. **Yes.** \`risk\` decides whose: \`observe\` needs none; \`reversible\` is confirmed by the requester alone when on call
   for the app, otherwise by a second person; \`guarded\` always by a second person. The yes is bound to that plan.
3. **Steps**, each as soon as what it \`needs\` (by default the step above) has ended. The first that fails ends the
   run. A step looks at the world before it acts, so that a run taken up after a crash does nothing twice. A step may
   also ask a person, have people tick off a checklist or say yes, wait for something, or call another playbook;
   every answer is kept with who and when.
4. **Verify.** Every check is made. All good: cured. One bad: not cured. One that could not tell: effect unknown.

## Expressions

Text in titles, questions and \`with\` may hold expressions of [CEL](https://cel.dev), the language of Kubernetes
admission policies, between \`\${{\` and \`}}\`; \`when\`, \`for_each\`, \`until\` and an ask's \`options\` are one expression
without the braces. A value that is nothing but one expression keeps its type. What an expression yields is never read
as an expression again. The variables are

- \`inputs\`: every declared input; null when it was not given. \`app\` and \`environment\`: names, or null.
- \`item\`: in a step with \`for_each\`.
- \`steps.<id>\`: of steps that have ended, \`outcome\`, \`values\` (what it found), \`answer\` (what a person said),
  \`detail\`, and \`items\` (a list of these, of a \`for_each\`). In \`when\`, and in the parameters of steps that only
  look or ask. What changes something is planned before anybody says yes, so it cannot hang on them.
- \`facts.<name>\`: in \`wait_until\`, \`state\` (done, pending, failed, diverged, unknown), \`values\` and \`detail\`.

A name with a hyphen is written \`inputs["dry-run"]\`. Everything an expression names is checked when the playbook is
loaded. [Writing playbooks](writing-playbooks.md) shows each kind of step.

## Inputs

\`text\` is free: it reaches titles, questions and notes, and is refused anywhere else.

${table(["Type", "What it must be"], inputRows())}

## Keys

Keys that are not listed here are refused. Editors check a playbook with
[\`schema/playbook.schema.json\`](../schema/playbook.schema.json) by this first line:

\`\`\`yaml
# yaml-language-server: $schema=../schema/playbook.schema.json
\`\`\`

${table(["Key", "Type", "Default", "Meaning"], keyRows(playbookSchema()).filter(isOwnRow))}

## Actions

${actions
  .filter(({ name }) => !people.has(name))
  .map(({ name }) => actionSection(name))
  .join("\n\n")}
`;
}
