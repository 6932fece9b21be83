import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cluster, people } from "../../sandbox/seed.ts";
import { type Sandbox, startSandbox } from "../../sandbox/start-sandbox.ts";
import { person } from "../support/person.ts";
import { ask, teamChannel } from "../support/practice-world.ts";
import { controlPlane, program } from "../support/program.ts";
import { administer, craiKubeconfig, seedControlPlane } from "../support/seeded-plane.ts";
import { textOf } from "../support/slack-text.ts";
import { type RunningTarget, startControlPlane } from "./kubectl/real.ts";

const assets = controlPlane();
const hasKubectl = program("kubectl") !== undefined;
/** ms for what a person waits for; a control plane, crai and its database share two cores. */
const withinMs = 120_000;
const stepTimeout = { timeout: withinMs * 3 };

/** What needs no container: the same walk as in the browser, on a cluster that nobody made up. */
describe.skipIf(assets === undefined || !hasKubectl)(
  "the runbook on a real control plane (skipped: no control plane)",
  () => {
    let target: RunningTarget;
    let sandbox: Sandbox;
    let robin: ReturnType<typeof person>;
    let alex: ReturnType<typeof person>;

    beforeAll(async () => {
      target = await startControlPlane(assets!);
      await seedControlPlane(target, { whole: true });
      sandbox = await startSandbox({
        port: 0,
        dataDir: join(target.env["HOME"]!, "sandbox"),
        crai: true,
        timing: { metrics: 500 },
        kubeconfig: target.env["KUBECONFIG"]!,
        env: { KUBECONFIG: await craiKubeconfig(target) },
      });
      robin = person(sandbox.url, people.robin.slack);
      alex = person(sandbox.url, people.alex.slack);
      await sandbox.crai.ready(withinMs);
    }, 400_000);
    afterAll(async () => {
      robin?.leave();
      alex?.leave();
      await sandbox?.close();
      await target?.close();
    });

    function image(app: string): Promise<string> {
      const path = "jsonpath={.spec.template.spec.containers[0].image}";
      return administer(target, ["get", `deployment/${app}`, "-n", cluster.namespace, "-o", path]);
    }

    /** Robin asks, this person says yes; what its run comes to. */
    async function carriedOut(
      line: string,
      { channel = teamChannel, title, yes }: { channel?: string; title: string; yes: typeof robin },
    ): Promise<string> {
      await robin.command(channel, line);
      const plan = await robin.waitForMessage(channel, new RegExp(`^${title}[^]*\\[(Approve|Confirm)\\]`), {
        withinMs,
      });
      await yes.press(plan, /\[Approve\]/.test(textOf(plan)) ? "Approve" : "Confirm");
      return ended(channel, title);
    }

    async function ended(channel: string, title: string): Promise<string> {
      const message = await robin.waitForMessage(
        channel,
        new RegExp(`^R\\d+ (?!Running)[^:\\n]+: ${title}`),
        {
          withinMs: withinMs * 2,
        },
      );
      return textOf(message);
    }

    it("brings a release out by server-side apply", stepTimeout, async () => {
      const said = await carriedOut("/crai deploy v1.2.0 --only api,federated", {
        title: "Apply api-deployment.yaml",
        yes: alex,
      });
      expect(said).toMatch(/^R\d+ Cured/);
      expect(await image("api-deployment")).toBe(`${cluster.image}:v1.2.0`);
      expect(await image("federated-server-deployment")).toBe(`${cluster.image}:v1.2.0`);
    });

    it("validates it with Jobs", stepTimeout, async () => {
      const said = await carriedOut("/crai validate functional", {
        title: "Validate api in prod: functional",
        yes: robin,
      });
      expect(said).toMatch(/smoke-tests ended with exit code 0/);
    });

    it("says what explains a bad release, and goes back", stepTimeout, async () => {
      await fetch(`${sandbox.url}/panel/commands`, {
        method: "POST",
        body: JSON.stringify({ command: "ship-release", kind: "errors" }),
      });
      const channel = await robin.waitForChannel(/^inc-/, { withinMs });
      const explained = await robin.waitForMessage(channel.id, /^What explains a high error rate/, {
        withinMs,
      });
      expect(textOf(explained)).toMatch(/1\. A release shipped/);
      const card = await robin.waitForMessage(channel.id, /\[Confirm\]/, { withinMs });
      await robin.press(card, "Confirm");
      expect(await ended(channel.id, "Roll api-deployment back")).toMatch(/^R\d+ Cured/);
      expect(await image("api-deployment")).toBe(`${cluster.image}:v1.2.0`);
    });

    it("goes through the daily maintenance", stepTimeout, async () => {
      await robin.command(teamChannel, "/crai maintenance-daily");
      const list = await robin.waitForMessage(teamChannel, /^Daily maintenance[^]*R\d+ · [1-7] of 7/, {
        withinMs,
      });
      expect(textOf(list)).toMatch(/☑ Check system health dashboards/);
    });

    it("keeps the evidence of a breach in private before anything else", stepTimeout, async () => {
      const said = await ask(robin, teamChannel, '/crai declare breach api --reason "rows on a paste site"');
      expect(said).toMatch(/R\d+ asks for what is to be done/);
      const { id, is_private: isPrivate } = await robin.waitForChannel(/^inc-0002$/, { withinMs });
      expect(isPrivate).toBe(true);
      await robin.waitForMessage(id, /Stop data exposure/, { withinMs });
      await robin.waitForMessage(id, /✓ \d+ files kept, .*manifest SHA-256/, { withinMs });
    });
  },
);
