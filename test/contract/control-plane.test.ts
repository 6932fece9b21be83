import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { AuditEvent } from "../../sandbox/cluster/audit.ts";
import { cluster, people } from "../../sandbox/seed.ts";
import type { Channel, Message } from "../../sandbox/slack/client-api.ts";
import { type Sandbox, startSandbox } from "../../sandbox/start-sandbox.ts";
import { person } from "../support/person.ts";
import { controlPlane, program } from "../support/program.ts";
import { administer, craiKubeconfig, seedControlPlane } from "../support/seeded-plane.ts";
import { quietPlaybooks } from "../support/quiet-playbooks.ts";
import { textOf } from "../support/slack-text.ts";
import { type RunningTarget, startControlPlane } from "./kubectl/real.ts";

const assets = controlPlane();
const hasKubectl = program("kubectl") !== undefined;
/** ms for what a person waits for; a control plane, crai and its database share two cores. */
const withinMs = 120_000;

describe.skipIf(assets === undefined || !hasKubectl)(
  "the story on a real control plane (skipped: no control plane)",
  () => {
    let target: RunningTarget;
    let sandbox: Sandbox;
    let robin: ReturnType<typeof person>;
    let channel: Channel;
    let card: Message;

    beforeAll(async () => {
      target = await startControlPlane(assets!);
      await seedControlPlane(target);
      sandbox = await startSandbox({
        port: 0,
        dataDir: join(target.env["HOME"]!, "sandbox"),
        crai: true,
        timing: { metrics: 500 },
        kubeconfig: target.env["KUBECONFIG"]!,
        env: { KUBECONFIG: await craiKubeconfig(target), ...quietPlaybooks() },
      });
      robin = person(sandbox.url, people.robin.slack);
      await sandbox.crai.ready(withinMs);
    }, 400_000);
    afterAll(async () => {
      robin?.leave();
      await sandbox?.close();
      await target?.close();
    });

    /** What the API server itself has written down about crai. */
    function audited(): AuditEvent[] {
      const lab = readFileSync(join(target.env["HOME"]!, "state"), "utf8").trim();
      return readFileSync(join(lab, "logs/audit.log"), "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as AuditEvent)
        .filter(({ user }) => user.username === cluster.bot.user);
    }

    function image(): Promise<string> {
      const path = "jsonpath={.spec.template.spec.containers[0].image}";
      return administer(target, ["get", "deployment/api-deployment", "-n", cluster.namespace, "-o", path]);
    }

    it("finds the fix waiting after a bad release", { timeout: withinMs * 2 }, async () => {
      await fetch(`${sandbox.url}/panel/commands`, {
        method: "POST",
        body: JSON.stringify({ command: "ship-release", kind: "errors" }),
      });
      channel = await robin.waitForChannel(/^inc-/, { withinMs });
      card = await robin.waitForMessage(channel.id, /Confirm/, { withinMs });
      expect(textOf(card)).toContain(
        "sustainable-credit-risk-ai:v1.2.0-errors → sustainable-credit-risk-ai:v1.1.9",
      );
    });

    it(
      "gives the same plan to who asks for it, with the rights of that person checked",
      { timeout: withinMs * 2 },
      async () => {
        await robin.command(channel.id, "/crai rollback");
        const plan = await robin.waitForMessage(channel.id, /One yes is enough.*Nothing has been touched/s, {
          withinMs,
        });
        expect(textOf(plan)).toMatch(/^Roll api-deployment back to revision 3 \(v1\.1\.9\)/);
        expect(textOf(plan)).not.toContain("Cannot run");
        expect(await image()).toBe("sustainable-credit-risk-ai:v1.2.0-errors");
        await robin.press(plan, "Cancel");
      },
    );

    it("ends cured, on the evidence of the cluster's own pods", { timeout: withinMs * 3 }, async () => {
      await robin.press(card, "Confirm");
      const run = await robin.waitForMessage(channel.id, /^R1 (Cured|Carried|Stuck|Failed|Not|Outcome)/, {
        withinMs: withinMs * 2,
      });
      expect(textOf(run)).toMatch(/^R1 Cured/);
      expect(textOf(run)).toContain(
        "3 of 3 replicas run the new revision: sustainable-credit-risk-ai:v1.1.9",
      );
      expect(await image()).toBe("sustainable-credit-risk-ai:v1.1.9");
    });

    it("leaves the person, and not the bot, in the cluster's audit log", async () => {
      await vi.waitFor(
        () => {
          const writes = audited().filter(
            ({ verb, requestURI }) => verb === "patch" && !requestURI.includes("dryRun"),
          );
          expect(
            writes.map(({ impersonatedUser, objectRef, responseStatus }) => ({
              as: impersonatedUser?.username,
              groups: impersonatedUser?.groups?.filter((group) => !group.startsWith("system:")),
              of: objectRef?.name,
              code: responseStatus.code,
            })),
          ).toEqual([{ as: people.robin.kubernetes.user, groups: ["sre"], of: "api-deployment", code: 200 }]);
        },
        { timeout: withinMs },
      );
      const alone = audited().filter(
        ({ impersonatedUser, objectRef }) =>
          impersonatedUser === undefined && objectRef?.resource !== undefined,
      );
      expect(alone.filter(({ verb }) => !["create"].includes(verb))).toEqual([]);
    });
  },
);
