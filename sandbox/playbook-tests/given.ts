import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { practiceApps } from "../apps/practice-apps.ts";
import { cluster } from "../seed.ts";
import type { Sandbox } from "../start-sandbox.ts";

const app = z.enum(practiceApps.map(({ name }) => name) as [string, ...string[]]);

/** What may have happened before a playbook is tried: one thing an entry, in order. */
const Given = z.union([
  z.strictObject({
    ship: z.strictObject({ app, kind: z.enum(["good", "errors", "slow", "crash", "nopull", "oom"]) }),
  }),
  z.strictObject({ pause: z.strictObject({ app }) }),
  z.strictObject({ leak: z.strictObject({ connections: z.int().min(1).max(20) }) }),
  z.strictObject({ scale: z.strictObject({ app, replicas: z.int().min(0).max(50) }) }),
]);

/** ms for metrics to show what a release does. */
const SHOWS_AFTER = 2000;

interface Sending {
  method: "POST" | "PATCH";
  type: string;
}

async function send(url: string, body: object, { method, type }: Sending): Promise<void> {
  const headers = { "content-type": type };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}

function patch({ url }: Sandbox, name: string, spec: object): Promise<void> {
  const [kind, workload] = practiceApps.find((one) => one.name === name)!.workload.split("/");
  const path = `/k8s/apis/apps/v1/namespaces/${cluster.namespace}/${kind}s/${workload}`;
  return send(`${url}${path}`, { spec }, { method: "PATCH", type: "application/merge-patch+json" });
}

/** Brings the practice world into a state. Throws a ZodError for what is no such entry. */
export async function bringAbout(sandbox: Sandbox, entry: unknown): Promise<void> {
  const given = Given.parse(entry);
  if ("pause" in given) return patch(sandbox, given.pause.app, { paused: true });
  if ("leak" in given) {
    await sandbox.database.leak(given.leak.connections);
    return setTimeout(SHOWS_AFTER);
  }
  if ("scale" in given) return patch(sandbox, given.scale.app, { replicas: given.scale.replicas });
  const command = { command: "ship-release", ...given.ship };
  await send(`${sandbox.url}/panel/commands`, command, { method: "POST", type: "application/json" });
  await setTimeout(SHOWS_AFTER);
}
