import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stopEmbeddedPostgres } from "../src/store/embedded/start.ts";

/**
 * Workspace, cluster and pager begin anew with each start. A record of channels and incidents that are no more would
 * mislead crai: it would attach the first new alert to an old outage whose channel nobody can see. What a sandbox that was
 * killed has left running is ended.
 */
export async function forgetLastSession(dataDir: string): Promise<void> {
  const record = join(dataDir, "crai");
  for (const left of [record, join(dataDir, "database")]) await stopEmbeddedPostgres(left);
  if (existsSync(record)) {
    // Moved first: a crai whose sandbox was killed may still be at home there, about to end.
    const gone = join(dataDir, `crai-of-last-session-${process.pid}`);
    renameSync(record, gone);
    rmSync(gone, { recursive: true, force: true });
  }
  rmSync(join(dataDir, "crai.log"), { force: true });
}

/**
 * What crai and the CLI use; kubeconfig and environment hold tokens, if only the sandbox's. A person at a terminal reads
 * the environment with `set -a; . crai.env`.
 */
export function writeConfiguration(
  dataDir: string,
  files: { config: string; kubeconfig: string; env: Readonly<Record<string, string>> },
): void {
  const env = Object.entries(files.env).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(dataDir, "crai.yaml"), files.config);
  writeFileSync(join(dataDir, "kubeconfig"), files.kubeconfig, { mode: 0o600 });
  writeFileSync(join(dataDir, "crai.env"), env.join(""), { mode: 0o600 });
}
