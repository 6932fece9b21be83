import { actorKey, AlertSource, type Person } from "../src/domain/actor.ts";
import type { Clock } from "../src/domain/clock.ts";
import { type Target, targetOf, workloadKinds } from "../src/domain/app.ts";
import { isUserError } from "../src/domain/errors.ts";
import { callName, type ResourceCall } from "../src/domain/plan.ts";
import type { Block, Text } from "../src/domain/view.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { page } from "../src/engine/page.ts";
import { type Roll, rosterOf } from "../src/engine/roster.ts";
import type { UseCases } from "../src/engine/use-cases.ts";
import { failingDeliveries } from "../src/store/inbox.ts";
import { webhookNews } from "../src/store/webhooks.ts";

/** What a check found; `ok: null` = nothing is wrong, but it is not in use. */
interface Finding {
  ok: boolean | null;
  text: string;
}

interface Part {
  name: string;
  findings: Finding[];
}

const marks = { true: "✓", false: "✗", null: "–" } as const;

/** A check never takes the others down with it. */
async function check(ask: () => Promise<Finding | string>): Promise<Finding> {
  try {
    const found = await ask();
    return typeof found === "string" ? { ok: true, text: found } : found;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const more = isUserError(error) ? [error.why, error.next].filter((part) => part !== undefined) : [];
    return { ok: false, text: [text, ...more].map((part) => part.replace(/\.?$/, ".")).join(" ") };
  }
}

/** What a rollback of the target asks of Kubernetes, from looking to verifying. */
function rollbackCalls({ cluster, namespace, kind, name }: Target): ResourceCall[] {
  const workload = { cluster, namespace, name, group: "apps", resource: workloadKinds[kind].plural };
  const revisions = kind === "deployment" ? "replicasets" : "controllerrevisions";
  return [
    { ...workload, verb: "get" },
    { ...workload, verb: "patch" },
    { cluster, namespace, verb: "list", group: "apps", resource: revisions },
    { cluster, namespace, verb: "list", group: "", resource: "pods" },
  ];
}

async function slackPart({ chat }: UseCases): Promise<Part> {
  const found =
    chat === null ? { ok: null, text: "not asked from the command line" } : await check(() => chat.check());
  return { name: "Slack", findings: [found] };
}

/** Reachable, and the asker is there who crai.yaml says they are. */
async function clusterPart(actor: Person, name: string, { clusters, config }: UseCases): Promise<Part> {
  const expected = config.access.identities[actorKey(actor)]?.user;
  const findings = await Promise.all([
    check(async () => `answers, Kubernetes ${await clusters.as(actor, name).serverVersion()}`),
    check(async () => {
      const { user, groups } = await clusters.as(actor, name).whoAmI();
      const told = `you are ${user} there${groups.length === 0 ? "" : ` (${groups.join(", ")})`}`;
      if (expected === undefined || expected === user) return told;
      return { ok: false, text: `${told}, and crai.yaml says ${expected}` };
    }),
  ]);
  return { name: `Cluster ${name}`, findings };
}

async function rightsOf(actor: Person, app: string, { clusters, config }: UseCases): Promise<Finding[]> {
  const environments = Object.entries(config.apps[app]?.environments ?? {});
  return Promise.all(
    environments.map(([name, environment]) =>
      check(async () => {
        const target = targetOf(environment);
        const permits = await clusters.as(actor, target.cluster).permits(rollbackCalls(target));
        const missing = permits.filter(({ allowed }) => !allowed).map(({ call }) => callName(call));
        const where = `${app} in ${name}`;
        if (missing.length === 0) return `${where}: you may roll back`;
        return { ok: false, text: `${where}: you may not ${missing.join(", ")}` };
      }),
    ),
  );
}

async function rightsPart(actor: Person, uses: UseCases): Promise<Part> {
  const findings = await Promise.all(Object.keys(uses.config.apps).map((app) => rightsOf(actor, app, uses)));
  return { name: "Your Kubernetes rights", findings: findings.flat() };
}

async function pagerPart({ pager }: UseCases): Promise<Part> {
  if (pager === null)
    return { name: "PagerDuty", findings: [{ ok: null, text: "not configured (PAGERDUTY_TOKEN)" }] };
  return { name: "PagerDuty", findings: [await check(() => pager.check())] };
}

/** Whether it is known who is in each group and on call in each schedule of crai.yaml. */
async function rosterPart({ config, roster }: UseCases): Promise<Part> {
  const { groups, schedules } = rosterOf(config);
  async function find(what: string, asked: Promise<Roll>): Promise<Finding> {
    const { members, asOf, missing } = await asked;
    const count = `${what}: ${members.length} ${members.length === 1 ? "person" : "people"}`;
    const old = asOf === null ? "" : `, as of ${stamp(asOf)}`;
    return missing === null
      ? { ok: members.length > 0, text: count }
      : { ok: false, text: `${count}${old}. ${missing.why}` };
  }
  return {
    name: "Groups and schedules",
    findings: await Promise.all([
      ...groups.map((id) => find(`group ${id}`, roster.group(id))),
      ...schedules.map((id) => find(`on call in ${id}`, roster.schedule(id))),
    ]),
  };
}

async function metricsPart({ config, metrics }: UseCases): Promise<Part> {
  const findings = Object.entries(config.clusters).map(([name, { prometheus }]) =>
    check(async () => {
      if (prometheus === undefined) return { ok: null, text: `${name}: not configured` };
      const reading = await metrics.query(name, "1");
      return reading.known ? `${name}: answers` : { ok: false, text: `${name}: ${reading.why}` };
    }),
  );
  return { name: "Prometheus", findings: await Promise.all(findings) };
}

function playbooksPart({ playbooks, playbookProblems }: UseCases): Part {
  const [problem, ...more] = playbookProblems();
  const others = more.length === 0 ? "" : ` and ${more.length} more (\`playbooks\` shows them)`;
  const finding: Finding =
    problem === undefined
      ? { ok: true, text: `${playbooks().size} in force` }
      : { ok: false, text: `the files cannot be loaded, so older ones stay in force: ${problem}${others}` };
  return { name: "Playbooks", findings: [finding] };
}

/** Whether Slack knows a user or group that crai.yaml names; it is not asked from the command line. */
async function isKnown(member: string, { chat, directory, roster }: UseCases): Promise<boolean> {
  if (chat === null) return true;
  if (member.startsWith("S")) return (await roster.group(member)).missing?.passing !== false;
  return (await directory.displayName(member)) !== member;
}

async function confidentialPart(uses: UseCases): Promise<Part> {
  const { members } = uses.config.confidential;
  const instead = "whoever is on call or may break the glass is invited where nobody else can be";
  const finding = await check(async () => {
    const known = await Promise.all(members.map((member) => isKnown(member, uses)));
    const unknown = members.filter((_, index) => !known[index]);
    if (members.length === 0)
      return { ok: false, text: `crai.yaml names nobody (confidential.members): ${instead}` };
    if (unknown.length > 0)
      return { ok: false, text: `Slack does not know ${unknown.join(", ")}: ${instead}` };
    return `${members.length} people or groups are invited`;
  });
  return { name: "Security and breach incidents", findings: [finding] };
}

function stamp(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function ago(at: Date, now: Clock): string {
  const minutes = Math.round((now().getTime() - at.getTime()) / 60_000);
  return minutes < 1 ? `${stamp(at)}, just now` : `${stamp(at)}, ${minutes} min ago`;
}

/** A source that was refused after it was last heard is deaf in one ear, e.g. after a secret was changed. */
async function webhookPart({ db }: UseCases, now: Clock): Promise<Part> {
  const news = new Map((await webhookNews(db)).map((row) => [row.source, row]));
  const findings = AlertSource.options.map((source): Finding => {
    const row = news.get(source);
    const heard = row?.seen_at ? `last heard ${ago(row.seen_at, now)}` : "never heard";
    const refused = row?.refused_at ? `, last refused ${ago(row.refused_at, now)}: ${row.refused_why}` : "";
    const deaf = row?.refused_at && (row.seen_at === null || row.refused_at > row.seen_at);
    return { ok: deaf ? false : row?.seen_at ? true : null, text: `${source}: ${heard}${refused}` };
  });
  const failing = (await failingDeliveries(db)).map(({ source, deliveries, oldest, error }): Finding => {
    const what = deliveries === 1 ? "1 delivery" : `${deliveries} deliveries`;
    const kept = deliveries === 1 ? "It is kept and tried" : "They are kept and tried";
    const text = `${source}: ${what} could not be carried out since ${ago(oldest, now)}: ${error}. ${kept} again; crai's log has more.`;
    return { ok: false, text };
  });
  return { name: "Webhooks", findings: [...findings, ...failing] };
}

function blocksOf({ name, findings }: Part): Block[] {
  const items: Text[] = findings.map(({ ok, text }) => `${marks[`${ok}`]} ${text}`);
  return [
    { type: "text", text: [{ bold: name }] },
    { type: "list", items: items.length > 0 ? items : ["– nothing configured"] },
  ];
}

export const doctor: Command = {
  name: "doctor",
  usage: "doctor",
  summary: "Whether Slack, the clusters, your rights, PagerDuty, Prometheus and the webhooks work",
  examples: ["doctor"],
  permission: "crai:inspect",
  positionals: [],
  flags: {},
  async run(_args, { actor, now }, uses) {
    const asked = await Promise.all([
      slackPart(uses),
      ...uses.clusters.names().map((name) => clusterPart(actor, name, uses)),
      rightsPart(actor, uses),
      pagerPart(uses),
      rosterPart(uses),
      metricsPart(uses),
      webhookPart(uses, now),
    ]);
    const parts = [...asked, playbooksPart(uses), await confidentialPart(uses)];
    const wrong = parts.flatMap(({ findings }) => findings).filter(({ ok }) => ok === false).length;
    const heading =
      wrong === 0 ? "Everything answers" : `${wrong} ${wrong === 1 ? "thing is" : "things are"} wrong`;
    return { to: "asker", view: page(heading, ...parts.flatMap(blocksOf)) };
  },
};
