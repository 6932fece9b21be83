import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { guardProcess } from "../../support/guard.ts";
import { lab } from "../../support/program.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import type { KubectlTarget } from "./run.ts";

const run = promisify(execFile);

export interface RunningTarget extends KubectlTarget {
  close(): Promise<void>;
}

/** A control plane from the binaries in KUBEBUILDER_ASSETS, with a pretended kubelet. */
export async function startControlPlane(assets: string): Promise<RunningTarget> {
  const folder = temporaryFolder();
  const env = {
    ...process.env,
    KUBEBUILDER_ASSETS: assets,
    KUBE_LAB_STATE: join(folder, "state"),
    KUBE_LAB_DIR: join(folder, "lab"),
    KUBE_LAB_START_DELAY_MS: process.env["KUBE_LAB_START_DELAY_MS"] ?? "300",
    KUBE_LAB_STOP_DELAY_MS: "100",
  };
  const { stdout } = await run(join(lab, "up.sh"), { env, timeout: 180_000 });
  const pids = join(folder, "lab/pids");
  for (const name of readdirSync(pids)) guardProcess(Number(readFileSync(join(pids, name), "utf8")));
  return {
    flags: ["--cache-dir", join(folder, "cache")],
    env: { KUBECONFIG: stdout.trim(), HOME: folder },
    close: async () => {
      await run(join(lab, "down.sh"), { env, timeout: 60_000 });
    },
  };
}
