import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import { people } from "../../sandbox/seed.ts";
import { textOf } from "../support/slack-text.ts";
import { atCluster, isRollback } from "./kills.ts";
import { cured, endOf, isQuiet } from "./outcome.ts";
import {
  confirm,
  embeddedServer,
  incidentChannel,
  offer,
  shipErrors,
  startStory,
  type Story,
  testTimeout,
  withinMs,
} from "./story.ts";

async function runEnded({ db }: Story): Promise<void> {
  await vi.waitUntil(
    async () =>
      (await db.selectFrom("run").select("status").execute()).some(({ status }) => status === "finished"),
    { timeout: withinMs, interval: 100 },
  );
}

/** Resolves at the write, which goes on. */
function written({ sandbox }: Story): Promise<void> {
  return new Promise((resolve) => {
    const off = sandbox.cluster.onRequest((request) => {
      if (request.phase !== "answered" || !isRollback(request)) return;
      off();
      resolve();
    });
  });
}

test.for([{ status: 500 }, { status: 429 }, { down: true }])(
  "Slack away (%o) for the whole run keeps nothing from happening, and is told everything once when it is back",
  { timeout: testTimeout },
  async (fault) => {
    const story = await startStory();
    const { sandbox, robin } = story;
    await shipErrors(story);
    const card = await offer(story);
    const began = written(story);
    await robin.press(card, "Confirm");
    // Who may say yes is asked of Slack; what was said yes to needs it no more.
    await began;
    sandbox.slack.faults.set(fault);
    await runEnded(story);
    sandbox.slack.faults.clear();
    expect(await endOf(story)).toEqual(cured);
    const { id } = await incidentChannel(story);
    const said = (await robin.history(id)).filter(
      ({ bot_id: bot, subtype }) => bot !== undefined && subtype === undefined,
    );
    expect(said.map((message) => /HighErrorRate|error rate|R1|Roll/.exec(textOf(message))?.[0])).toHaveLength(
      3,
    );
    // In the order it happened, each as it stands in the end.
    expect(textOf(said[0]!)).toMatch(/R1 Cured/);
    expect(textOf(said[1]!)).toMatch(/Started/);
    expect(textOf(said[2]!)).toMatch(/R1 Cured/);
  },
);

test(
  "a crai that starts while Slack is away takes webhooks and goes on with its run",
  { timeout: testTimeout },
  async () => {
    const story = await startStory();
    const { sandbox, db } = story;
    await shipErrors(story);
    const dead = atCluster("received", isRollback)(story);
    await confirm(story);
    await dead;
    sandbox.slack.faults.set({ down: true });
    await runEnded(story);
    // The monitor's news that it is over comes by webhook.
    await vi.waitUntil(
      async () =>
        (await db.selectFrom("alert").select("status").execute()).every(
          ({ status }) => status === "resolved",
        ),
      { timeout: withinMs, interval: 100 },
    );
    sandbox.slack.faults.clear();
    expect(await endOf(story)).toEqual(cured);
  },
);

test(
  "acknowledged and resolved while PagerDuty is away, an incident is so in PagerDuty when it is back, once",
  { timeout: testTimeout },
  async () => {
    const story = await startStory();
    const { sandbox, robin, db } = story;
    await shipErrors(story);
    const { id } = await incidentChannel(story);
    await vi.waitUntil(
      async () =>
        (await db.selectFrom("incident").select("pagerduty_incident").execute())[0]?.pagerduty_incident,
      { timeout: withinMs, interval: 100 },
    );
    sandbox.pager.faults.set({ down: true });
    await robin.command(id, "/crai ack");
    await robin.command(id, "/crai mitigate --reason 'pool halved'");
    await robin.command(id, "/crai resolve --anyway");
    await robin.waitForMessage(id, /resolved the incident/, { withinMs });
    await sandbox.crai.kill();
    await sandbox.crai.ready();
    sandbox.pager.faults.set({ down: false });
    await vi.waitUntil(() => isQuiet(story), { timeout: withinMs, interval: 100 });
    const [incident] = sandbox.pager.incidents.all;
    expect(incident).toMatchObject({ status: "resolved" });
    expect(incident!.notes).toHaveLength(1);
    const did = incident!.log.filter(({ agent }) => agent.kind === "user").map(({ type }) => type);
    expect(did).toEqual(["acknowledge", "annotate", "resolve"]);
  },
);

test(
  "an API server that goes away during the wait is waited for, and nothing is claimed meanwhile",
  { timeout: testTimeout },
  async () => {
    const story = await startStory();
    const { sandbox, robin, db } = story;
    await shipErrors(story);
    const patched = written(story);
    await confirm(story);
    await patched;
    // From crai's next question on.
    const off = sandbox.cluster.onRequest(({ phase, user }) => {
      if (phase !== "received" || user !== people.robin.kubernetes.user) return undefined;
      off();
      sandbox.cluster.faults.set({ down: true });
      return "cut";
    });
    const { id } = await incidentChannel(story);
    await robin.waitForMessage(id, /trying again/, { withinMs });
    expect(await db.selectFrom("run").select(["status", "outcome"]).execute()).toEqual([
      { status: "running", outcome: null },
    ]);
    sandbox.cluster.faults.set({ down: false });
    expect(await endOf(story)).toEqual(cured);
  },
);

test(
  "a fix that could not be planned while the API server was away is offered when it is back",
  { timeout: testTimeout },
  async () => {
    const story = await startStory();
    await shipErrors(story);
    // After the release: the pipeline needs the API server too.
    story.sandbox.cluster.faults.set({ down: true });
    await incidentChannel(story);
    story.sandbox.cluster.faults.set({ down: false });
    await confirm(story);
    expect(await endOf(story)).toEqual(cured);
  },
);

test(
  "a database that drops every connection ends crai, and the run ends as if it had not",
  { timeout: testTimeout },
  async () => {
    const story = await startStory();
    const { sandbox, db } = story;
    await shipErrors(story);
    const patched = written(story);
    await confirm(story);
    await patched;
    const { restarts } = sandbox.crai.status();
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(db);
    expect(await endOf(story)).toEqual(cured);
    expect(sandbox.crai.status().restarts).toBe(restarts + 1);
  },
);

test(
  "PostgreSQL killed with kill -9 under a running crai is started again, and the run ends as if it had not died",
  { timeout: testTimeout },
  async () => {
    const story = await startStory({ embedded: true });
    await shipErrors(story);
    const patched = written(story);
    await confirm(story);
    await patched;
    process.kill(embeddedServer(story.sandbox).pid, "SIGKILL");
    expect(await endOf(story)).toEqual(cured);
  },
);

test(
  "a run that nobody carries out any more ends as unknown and gives its lock back",
  { timeout: testTimeout },
  async () => {
    const story = await startStory();
    const { sandbox, db } = story;
    await shipErrors(story);
    const patched = written(story);
    await confirm(story);
    await patched;
    await sandbox.crai.kill({ stayDown: true });
    // As DBOS leaves it after too many crashes in a row.
    await sql`update dbos.workflow_status set status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' where status = 'PENDING'`.execute(
      db,
    );
    sandbox.crai.start();
    await runEnded(story);
    expect(await endOf(story)).toMatchObject({
      patches: [{ as: people.robin.kubernetes.user }],
      runs: [{ outcome: "unknown", verdict: null }],
      brokenChains: [],
      messages: cured.messages,
      left: [],
    });
  },
);
