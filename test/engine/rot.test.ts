import { pino } from "pino";
import { expect, test } from "vitest";
import { createRot } from "../../src/engine/rot/rot.ts";
import { cluster as seed } from "../../sandbox/seed.ts";
import { type EngineWorld, rollback, startEngineWorld } from "./engine-world.ts";

/** Looks at a certificate, and needs `domains` for it. */
const certificates = `
apiVersion: crai/v1
kind: Playbook
metadata:
  name: certificates
  version: 1
  title: Certificates
  owner: Security Team
  runbook: []
  reviewed: 2026-11-22
  nextReview: 2027-02-22
permission: workload:read
risk: observe
steps:
  - { id: tls, action: tls-check }
`;

const domain = { name: "api.credit-risk-ai.example.com", port: 443 };

async function startRot(playbooks: Record<string, string> = { rollback, certificates }) {
  const world = await startEngineWorld({ playbooks });
  world.config.domains = [domain];
  world.config.teams = { "Security Team": { channel: "C0SECURITY" }, "DevOps Team": { channel: "C0API" } };
  const crai = await world.process();
  let night = 0;
  return {
    world,
    /** One more night; returns what was said in it. */
    look: async (): Promise<string[]> => {
      night += 1;
      const at = new Date(`2026-11-${20 + night}T03:00:00Z`);
      const before = await said(world);
      const { handlers } = createRot({
        db: world.db,
        config: world.config,
        playbooks: crai.uses.playbooks,
        planner: crai.uses.planner,
        wakeOutbox: () => undefined,
        log: pino({ level: "silent" }),
        now: () => at,
      });
      const next = await handlers["playbooks.rot"]!({});
      expect(next?.toISOString()).toBe(`2026-11-${21 + night}T03:00:00.000Z`);
      return (await said(world)).slice(before.length);
    },
  };
}

/** Everything that was said, as channel and text. */
async function said({ db }: EngineWorld): Promise<string[]> {
  const rows = await db.selectFrom("outbox").select("message").orderBy("id").execute();
  return rows.map(({ message }) => {
    const { channel, view } = message as unknown as { channel: { id: string }; view: object };
    return `${channel.id} ${JSON.stringify(view)}`;
  });
}

/** What was last seen of each, by its name. */
async function seen({ db }: EngineWorld): Promise<Record<string, boolean>> {
  const rows = await db.selectFrom("rot").selectAll().orderBy("subject").execute();
  return Object.fromEntries(rows.map(({ subject, able }) => [subject, able]));
}

test("its owner hears once of a playbook that can no longer be carried out, and again when it breaks anew", async () => {
  const { world, look } = await startRot();
  expect(await look()).toEqual([]);
  expect(await seen(world)).toMatchObject({ certificates: true, "rollback api in prod": true });

  world.config.domains = [];
  const [told, ...more] = await look();
  expect(more).toEqual([]);
  expect(told).toMatch(/^C0SECURITY .*certificates.*No domain is known/);
  expect(await look()).toEqual([]);

  world.config.domains = [domain];
  expect(await look()).toEqual([]);
  world.config.domains = [];
  expect(await look()).toHaveLength(1);
});

test("a workload that is gone is told of, and planning it changes nothing", async () => {
  const { world, look } = await startRot();
  await look();
  const { store } = world.cluster;
  const count = () => world.db.selectFrom("plan").select("number").execute();
  store.delete("deployments", seed.namespace, "api-deployment", { manager: "kubectl", now: new Date() });
  const [told] = await look();
  expect(told).toMatch(/^C0API .*rollback api in prod/);
  expect(told).not.toContain("rollback federated");
  expect(await count()).toEqual([]);
});

test("a cluster that gives no answer says nothing of the playbooks", async () => {
  const { world, look } = await startRot();
  await look();
  await world.cluster.close();
  expect(await look()).toEqual([]);
  expect(await seen(world)).toMatchObject({ "rollback api in prod": true });
});

test("a playbook that contains an app is never told of: what it finds would tell who is contained", async () => {
  const { world, look } = await startRot({
    certificates: certificates.replace("risk:", "permissions: [app:contain]\nrisk:"),
  });
  await look();
  world.config.domains = [];
  expect(await look()).toEqual([]);
  expect(await seen(world)).toEqual({});
});
