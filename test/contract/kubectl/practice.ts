import { join } from "node:path";
import { startPracticeCluster } from "../../support/practice-cluster.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import type { RunningTarget } from "./real.ts";

/** The practice cluster over real HTTP, as bare as a control plane that has just been started. */
export async function startPractice(): Promise<RunningTarget> {
  const folder = temporaryFolder();
  const cluster = await startPracticeCluster({
    seed: "bare",
    timing: { podStart: 300, podStop: 100, crashBackOff: 3000, pullBackOff: 4000 },
  });
  return {
    flags: ["--server", cluster.url, "--cache-dir", join(folder, "cache")],
    env: { KUBECONFIG: join(folder, "none"), HOME: folder },
    close: () => cluster.close(),
  };
}
