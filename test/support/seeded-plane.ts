import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { creditRiskConfig, creditRiskWorkloads } from "../../sandbox/cluster/seed/credit-risk.ts";
import type { WorkloadSeed } from "../../sandbox/cluster/seed/history.ts";
import { teamRoles } from "../../sandbox/cluster/seed/roles.ts";
import { cluster } from "../../sandbox/seed.ts";
import type { RunningTarget } from "../contract/kubectl/real.ts";
import { kubectl } from "../contract/kubectl/run.ts";

/** As administrator; throws what kubectl says when it fails. */
export async function administer(target: RunningTarget, args: string[], input?: object): Promise<string> {
  const given = input === undefined ? {} : { input: JSON.stringify(input) };
  const { stdout, stderr, exitCode } = await kubectl(target, args, given);
  if (exitCode !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

function apply(target: RunningTarget, objects: object[]): Promise<string> {
  return administer(target, ["apply", "-f", "-"], { apiVersion: "v1", kind: "List", items: objects });
}

function deployment(seed: WorkloadSeed, release: WorkloadSeed["releases"][number]): object {
  const { name, namespace, app, replicas, spec } = seed;
  const { cause, template } = release;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, ...(cause && { annotations: { "kubernetes.io/change-cause": cause } }) },
    spec: { ...spec, replicas, selector: { matchLabels: { app } }, template },
  };
}

/**
 * The runbook's system, its people's rights and crai's own account, as the practice cluster is seeded with them.
 * @param whole with everything that the API rests on, too
 */
export async function seedControlPlane(
  target: RunningTarget,
  { whole = false }: { whole?: boolean } = {},
): Promise<void> {
  const namespaces = [cluster.namespace, "monitoring", "crai"].map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  }));
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "crai", namespace: "crai" } };
  await apply(target, [...namespaces, account]);
  const config = creditRiskConfig.filter(
    ({ plural }) => whole || plural === "configmaps" || plural === "secrets",
  );
  await apply(
    target,
    [...config, ...teamRoles([cluster.namespace])].map(({ object }) => object),
  );
  for (const seed of creditRiskWorkloads.filter(({ app, kind }) =>
    whole ? kind === "Deployment" : app === "api",
  ))
    for (const release of seed.releases) {
      await apply(target, [deployment(seed, release)]);
      const rollout = [
        "rollout",
        "status",
        "-n",
        seed.namespace,
        `deployment/${seed.name}`,
        "--timeout=100s",
      ];
      await administer(target, rollout);
    }
}

/** A kubeconfig with the token of crai's own account in place of the administrator's certificate. */
export async function craiKubeconfig(target: RunningTarget): Promise<string> {
  const token = await administer(target, ["create", "token", "crai", "-n", "crai", "--duration=2h"]);
  const path = join(target.env["HOME"]!, "crai-kubeconfig");
  const admin = await administer(target, ["config", "view", "--raw", "-o", "json"]);
  const config = JSON.parse(admin) as { users: { user: object }[] };
  for (const entry of config.users) entry.user = { token };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}
