import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../domain/errors.ts";
import { asAccount } from "./account.ts";
import { dataArgument, programEnv, type Setup } from "./cluster.ts";
import { ask } from "./connection.ts";
import { clusterName, readPidFile } from "./postmaster.ts";
import { chooseSocketDir } from "./socket.ts";

/** Sized for one bot on a small machine. On the command line, so that an upgrade of crai can change them. */
const settings = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  max_connections: "60",
  shared_buffers: "32MB",
  min_wal_size: "32MB",
  max_wal_size: "256MB",
  jit: "off",
  max_parallel_workers_per_gather: "0",
  max_logical_replication_workers: "0",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
};

/** Version 18 would start three processes for reading ahead, which pays off on large tables only. */
const settingsSince18 = { io_method: "sync" };

const keepLogUpTo = 8 * 1024 * 1024;

/**
 * Starts the server, waits until it answers, and returns its socket's folder.
 *
 * @param deadline on the scale of performance.now()
 */
export async function startServer(setup: Setup, deadline: number): Promise<string> {
  const { folder } = setup;
  rotate(folder.log);
  const logged = statSync(folder.log, { throwIfNoEntry: false })?.size ?? 0;
  const socketDir = await chooseSocketDir(setup);
  const child = launch(setup, socketDir);
  let failure: Error | undefined;
  child.on("error", (error) => (failure = error));

  while (performance.now() < deadline) {
    if (failure !== undefined) throw new Error("Starting PostgreSQL", { cause: failure });
    if (child.exitCode !== null || child.signalCode !== null) {
      const said = readFileSync(folder.log).subarray(logged).toString().trim();
      throw new UserError("PostgreSQL ended while starting.", {
        why: said.split("\n").slice(-5).join("\n") || `It ended with ${child.exitCode ?? child.signalCode}.`,
        next: `Remove the cause, then start crai again. The whole log is in ${folder.log}.`,
      });
    }
    // A server that was started by hand may answer there while ours finds out that the data is taken.
    const ours = readPidFile(folder.cluster)?.pid === child.pid;
    if (ours && (await ask(socketDir)) === "ready") return socketDir;
    await sleep(10);
  }
  // It goes on: after a crash it may still be replaying its log, and the next start finds it further on.
  throw new UserError(`PostgreSQL (process ${child.pid}) has not become ready in time.`, {
    why: "It may still be replaying its log after a crash.",
    next: `Start crai again, it takes this server over. What it does is in ${folder.log}.`,
  });
}

function launch(setup: Setup, socketDir: string): ChildProcess {
  const { folder, account, binaries } = setup;
  const all = {
    ...settings,
    ...(binaries.major >= 18 ? settingsSince18 : {}),
    unix_socket_directories: socketDir === folder.cluster ? "." : socketDir,
    cluster_name: clusterName(folder.cluster),
  };
  const log = openSync(folder.log, "a", 0o600);
  // A session of its own: Ctrl-C in the terminal is for crai, which still writes while it drains.
  const child = spawn(
    join(binaries.bin, "postgres"),
    [
      "-D",
      dataArgument(folder.cluster, account),
      ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    {
      ...asAccount(account),
      cwd: folder.cluster,
      env: { ...programEnv(setup), ...ignoringStalePid(folder.cluster, socketDir) },
      stdio: ["ignore", log, log, setup.lock],
      detached: true,
    },
  );
  child.unref();
  closeSync(log);
  return child;
}

/**
 * A pid file that a crash left may name a process that is a stranger or a zombie today, and PostgreSQL refuses to start
 * while any process has that number. The lock says that no server of ours runs, so it is told to overlook the number. The
 * file stays: by it PostgreSQL finds a server that was started by hand, through the shared memory of that.
 */
function ignoringStalePid(cluster: string, socketDir: string): Record<string, string> {
  rmSync(join(socketDir, ".s.PGSQL.5432.lock"), { force: true });
  const file = readPidFile(cluster);
  if (file?.pid !== undefined) return { PG_GRANDPARENT_PID: `${file.pid}` };
  // Empty or torn by a power cut: it names nothing, and PostgreSQL would refuse it for ever.
  rmSync(join(cluster, "postmaster.pid"), { force: true });
  return {};
}

function rotate(log: string): void {
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > keepLogUpTo) renameSync(log, `${log}.1`);
}
