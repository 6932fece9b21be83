import { expect, test, vi } from "vitest";
import type { RequestHook } from "../../sandbox/cluster/request-hooks.ts";
import { people } from "../../sandbox/seed.ts";
import { textOf } from "../support/slack-text.ts";
import { atCluster, type Kill } from "./kills.ts";
import { startStory, type Story, teamChannel, testTimeout, withinMs } from "./story.ts";

/** An apply of this Deployment that counts. */
function isApply(name: string): (request: RequestHook) => boolean {
  return ({ verb, uri, user }) =>
    verb === "patch" &&
    uri.includes(`/deployments/${name}?`) &&
    !uri.includes("dryRun") &&
    user === people.robin.kubernetes.user;
}

/** How often each Deployment was applied with success, and which image it has. */
function stateOf({ sandbox }: Story) {
  const applied = ["api-deployment", "federated-server-deployment"].map((name) => ({
    name,
    applies: sandbox.cluster.audit.filter(
      ({ verb, objectRef, requestURI, responseStatus, stage }) =>
        verb === "patch" &&
        stage === "ResponseComplete" &&
        objectRef?.name === name &&
        requestURI.includes("fieldManager=crai") &&
        !requestURI.includes("dryRun") &&
        responseStatus.code < 300,
    ).length,
  }));
  return applied;
}

const moments: Record<string, Kill> = {
  "before the second apply is carried out": atCluster("received", isApply("federated-server-deployment")),
  "after the first apply, before it hears so": atCluster("answered", isApply("api-deployment")),
};

test.for(Object.keys(moments))(
  "killed %s, a deploy goes on with one apply each",
  { timeout: testTimeout },
  async (when) => {
    const story = await startStory();
    const { robin, alex, db } = story;
    await robin.command(teamChannel, '/crai deploy v1.2.0 --only api,federated --override "practice"');
    const plan = await robin.waitForMessage(teamChannel, /v1\.2\.0[\s\S]*Approve/, { withinMs });
    const dead = moments[when]!(story);
    await alex.press(plan, "Approve");
    await dead;
    const run = await vi.waitUntil(
      async () => (await db.selectFrom("run").selectAll().executeTakeFirst())?.finished_at ?? undefined,
      { timeout: testTimeout, interval: 100 },
    );
    expect(run).toBeDefined();
    const message = await robin.waitForMessage(teamChannel, /^R1 (Cured|Stuck|Failed|Carried)/, { withinMs });
    expect(textOf(message)).toMatch(/^R1 Cured/);
    expect(stateOf(story)).toEqual([
      { name: "api-deployment", applies: 1 },
      { name: "federated-server-deployment", applies: 1 },
    ]);
  },
);
