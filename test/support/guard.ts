import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Reads what to clean up, and does so when its standard input ends: when the test process says so, or when that has
 * ended in whatever way, kill -9 included. Ctrl-C in the terminal does not reach it.
 */
const script = String.raw`
newline='
'
processes=
folders=
while read -r verb what; do
  case $verb in
    process) processes="$processes$newline$what" ;;
    ended) processes=$(printf '%s' "$processes" | grep -vx "$what") ;;
    folder) folders="$folders$newline$what" ;;
  esac
done
IFS=$newline
for pid in $processes; do kill -9 "-$pid"; done
for folder in $folders; do
  for file in $(find "$folder" -maxdepth 4 -name postmaster.pid); do
    pid=$(head -n 1 "$file")
    tries=0
    while command=$(tr '\0' ' ' <"/proc/$pid/cmdline" || ps -o command= -p "$pid"); do
      case $command in *cluster_name=crai*) ;; *) break ;; esac
      if [ $tries -lt 50 ]; then kill -QUIT "$pid"; else kill -9 "$pid"; fi
      if [ $tries -gt 60 ]; then break; fi
      tries=$((tries + 1))
      sleep 0.1
    done
  done
  rm -rf "$folder"
done
`;

let guard: ChildProcess | undefined;

function tell(line: string): void {
  guard ??= start();
  guard.stdin!.write(`${line}\n`);
}

function start(): ChildProcess {
  const child = spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  // It must not keep the test process alive: that process's end is what it waits for.
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}

/** Sees to it that the process group is gone when this test process has ended. */
export function guardProcess(pid: number): void {
  tell(`process ${pid}`);
}

/** Its number may belong to somebody else from now on. */
export function forgetProcess(pid: number): void {
  tell(`ended ${pid}`);
}

/** Sees to it that the folder, and a PostgreSQL that runs on data in it, are gone when this test process has ended. */
export function guardFolder(path: string): void {
  tell(`folder ${path}`);
}

/** Cleans up now. */
export async function relieveGuard(): Promise<void> {
  if (guard === undefined) return;
  const ended = once(guard, "exit");
  guard.ref();
  guard.stdin!.end();
  guard = undefined;
  await ended;
}
