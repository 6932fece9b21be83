import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Person } from "../../src/domain/actor.ts";
import { isUserError } from "../../src/domain/errors.ts";
import { incidentVerbs, type IncidentStatus, type IncidentVerb } from "../../src/domain/incident.ts";
import { verifyChain } from "../../src/domain/timeline.ts";
import { incidentByNumber } from "../../src/store/incidents.ts";
import { readStream, streamNames } from "../../src/store/timeline.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { execute } from "../support/database.ts";
import { alex, alert, alertsOf, type EngineWorld, robin, sasha, startEngineWorld } from "./engine-world.ts";

/** What people do at once, in rounds that follow each other. */
function rounds<Move>(move: fc.Arbitrary<Move>): fc.Arbitrary<Move[][]> {
  return fc.array(fc.array(move, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 });
}

/** Nothing but refusals may come of what people do, and PostgreSQL never has to end a circle of waiting. */
async function play<Move>(moves: Move[][], make: (move: Move) => Promise<unknown>): Promise<void> {
  for (const round of moves) {
    const ends = await Promise.allSettled(round.map(make));
    const broken = ends.filter((end) => end.status === "rejected" && !isUserError(end.reason));
    expect(broken).toEqual([]);
  }
}

async function expectSoundRecord({ db, url }: EngineWorld): Promise<void> {
  for (const stream of await streamNames(db))
    expect(verifyChain(await readStream(db, stream))).toMatchObject({ intact: true });
  const [stats] = await execute(
    url,
    "select deadlocks from pg_stat_database where datname = current_database()",
  );
  expect(Number(stats!["deadlocks"])).toBe(0);
}

const person = fc.constantFrom(robin, alex, sasha);

type PlanMove = {
  who: Person;
  what: "approve" | "deny" | "expire" | "drift" | "note";
  on: "first" | "latest";
};

test(
  "whatever people answer at once, a plan and what comes in its place become at most one run",
  { timeout: 120_000 },
  async () => {
    const world = await startEngineWorld();
    const { db } = world;
    // Two processes: the same people press in Slack and type in a terminal.
    const processes = [await world.process(), await world.process()] as const;
    let told = 0;
    // One timeline for everything that happens at once.
    await alertsOf(world, processes[0]).receive([alert()], "delivery 1");

    async function propose(
      { uses }: Engine,
      by: Person | { kind: "alert"; source: "alertmanager" },
    ): Promise<number> {
      const plan = await uses.planner.make({
        playbook: "rollback",
        app: "api",
        environment: null,
        inputs: { app: "api", env: null, to: null },
        actor: by,
        incident: 1,
        reason: null,
        channel: null,
        key: `ask:${++told}`,
      });
      return plan.number;
    }

    /** The world moves: the same template with another annotation is another fingerprint. */
    function drift(): void {
      const { store } = world.cluster;
      const deployment = store.get("deployments", "credit-risk-ai", "api-deployment")!;
      type Template = { spec: { template: { metadata: { annotations?: Record<string, string> } } } };
      (deployment as unknown as Template).spec.template.metadata.annotations = { moved: String(++told) };
      store.update("deployments", deployment, { manager: "somebody", now: new Date() });
    }

    async function move(first: number, { who, what, on }: PlanMove): Promise<unknown> {
      const { uses } = processes[told++ % 2]!;
      const latest = await db
        .selectFrom("plan")
        .select("number")
        .orderBy("number", "desc")
        .executeTakeFirstOrThrow();
      const plan = on === "first" ? first : latest.number;
      const answer = { plan, actor: who, reason: null, cause: `press:${told}`, channel: null };
      switch (what) {
        case "approve":
          return uses.approvals.approve({ ...answer, breakGlass: false });
        case "deny":
          return uses.approvals.deny(answer);
        case "expire":
          return uses.approvals.expire(plan);
        case "note":
          return uses.incidents.note(1, "still looking", { actor: who, cause: `note:${told}`, link: null });
        case "drift":
          return drift();
      }
    }

    const moves = rounds<PlanMove>(
      fc.record({
        who: person,
        what: fc.constantFrom("approve", "approve", "approve", "deny", "expire", "drift", "note"),
        on: fc.constantFrom("first", "latest"),
      }),
    );
    const proposer = fc.constantFrom(robin, sasha, { kind: "alert", source: "alertmanager" } as const);
    await fc.assert(
      fc.asyncProperty(proposer, moves, async (by, played) => {
        const first = await propose(processes[0], by);
        await play(played, (one) => move(first, one));
        const plans = await db
          .selectFrom("plan")
          .select(["number", "status"])
          .where("number", ">=", first)
          .execute();
        const runs = await db
          .selectFrom("run")
          .select(["number", "plan"])
          .where("plan", ">=", first)
          .execute();
        expect(runs.length).toBeLessThanOrEqual(1);
        expect(plans.filter(({ status }) => status === "started").map(({ number }) => number)).toEqual(
          runs.map(({ plan }) => plan),
        );
        const held = await db.selectFrom("lock").select("run").execute();
        expect(held).toEqual(runs.map(({ number }) => ({ run: number })));
        const yes = await db
          .selectFrom("approval")
          .select("plan")
          .where("plan", ">=", first)
          .where("decision", "<>", "denied")
          .execute();
        expect(yes).toEqual(runs.map(({ plan }) => ({ plan })));
        // What nobody carries out here must not stand in the way of the next telling.
        await db.deleteFrom("lock").execute();
      }),
      { numRuns: 12 },
    );
    await expectSoundRecord(world);
  },
);

interface VerbMove {
  verb: IncidentVerb;
  who: Person;
  /** The same cause again is the same deed, carried out again. */
  cause: number;
}

const verbOf: Partial<Record<string, IncidentVerb>> = {
  "incident.acknowledged": "acknowledge",
  "incident.mitigated": "mitigate",
  "incident.resolved": "resolve",
  "incident.reopened": "reopen",
};

test(
  "whatever people do to an incident at once, its timeline is a legal path and its status is where that ends",
  { timeout: 120_000 },
  async () => {
    const world = await startEngineWorld();
    const { db } = world;
    const { uses } = await world.process();
    let told = 0;
    const moves = rounds<VerbMove>(
      fc.record({
        verb: fc.constantFrom<IncidentVerb>("acknowledge", "mitigate", "resolve", "reopen"),
        who: person,
        cause: fc.integer({ min: 1, max: 6 }),
      }),
    );
    async function tell(number: number, pager: string, played: VerbMove[][]): Promise<void> {
      await play(played, ({ verb, who, cause }) =>
        uses.incidents.change(verb, number, { actor: who, cause: `${pager}:${cause}`, reason: null }),
      );
      let status: IncidentStatus = "open";
      const facts = (await readStream(db, `incident:${number}`)).map(({ fact }) => fact.kind);
      const done = facts.flatMap((kind) => verbOf[kind] ?? []);
      for (const verb of done) {
        expect(incidentVerbs[verb].from).toContain(status);
        status = incidentVerbs[verb].to ?? status;
      }
      expect(await incidentByNumber(db, number)).toMatchObject({ status });
      const about = db
        .selectFrom("outbox")
        .select("key")
        .where("key", "like", `incident:${number}:%:${pager}:%`);
      expect(await about.where("system", "=", "pagerduty").execute()).toHaveLength(done.length);
      expect(await about.where("system", "=", "slack").execute()).toHaveLength(done.length);
    }

    await fc.assert(
      fc.asyncProperty(moves, async (played) => {
        const pager = `PINC${++told}`;
        const fired = alert({ fingerprint: pager, pagerdutyIncident: pager });
        await alertsOf(world, await world.process()).receive([fired], pager);
        const { number } = await db
          .selectFrom("incident")
          .select("number")
          .where("pagerduty_incident", "=", pager)
          .executeTakeFirstOrThrow();
        try {
          await tell(number, pager, played);
        } finally {
          // The app has one open outage at a time.
          await db.updateTable("incident").set({ status: "resolved" }).where("number", "=", number).execute();
        }
      }),
      { numRuns: 25 },
    );
    await expectSoundRecord(world);
  },
);
