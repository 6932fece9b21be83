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

/** The configuration that crai and the CLI use; the kubeconfig holds tokens, if only the sandbox's. */
export function writeConfiguration(dataDir: string, files: { config: string; kubeconfig: string }): void {
  writeFileSync(join(dataDir, "crai.yaml"), files.config);
  writeFileSync(join(dataDir, "kubeconfig"), files.kubeconfig, { mode: 0o600 });
}
