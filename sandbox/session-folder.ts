import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Workspace, cluster and pager begin anew with each start. A record of channels and incidents that are no more would
 * mislead crai: it would attach the first new alert to an old outage whose channel nobody can see.
 */
export function forgetLastSession(dataDir: string): void {
  const record = join(dataDir, "crai");
  if (existsSync(record)) {
    // Moved first: the PostgreSQL of a crai that was killed may still be at home there, and finds its own end.
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
