import { setTimeout as sleep } from "node:timers/promises";
import { textOr } from "../fields.ts";
import { containerNamed, mountedFiles } from "./environment.ts";
import { curl } from "./curl.ts";
import { pgDump, pgRestore } from "./dump/dump.ts";
import { realProgram } from "./dump/real.ts";
import { filePrograms } from "./files.ts";
import type { Process, Program } from "./process.ts";
import { psql } from "./psql/psql.ts";
import { pgIsReady } from "./psql/ready.ts";
import { shell } from "./shell.ts";

/** Programs that every image of the practice cluster has. */
const everywhere: Record<string, Program> = {
  ...filePrograms,
  bash: (process) => shell(process, findProgram),
  cat,
  curl,
  date: ({ out, system }) => say(out, system.now().toUTCString()),
  echo: ({ argv, out }) => say(out, argv.slice(1).join(" ")),
  env: ({ env, out }) => say(out, lines(env)),
  false: () => 1,
  hostname: ({ pod, out }) => say(out, pod.metadata.name),
  ls,
  printenv: printEnv,
  sh: (process) => shell(process, findProgram),
  sleep: async ({ argv, signal }) => {
    await sleep(Number(argv[1] ?? 0) * 1000, undefined, { signal }).catch(() => undefined);
    return 0;
  },
  true: () => 0,
  whoami: ({ out }) => say(out, "root"),
};

/** What only some images have, by the beginning of their names. */
const byImage: { image: RegExp; programs: Record<string, Program> }[] = [
  {
    image: /(^|\/)postgres:/,
    programs: { psql, pg_isready: pgIsReady, pg_dump: pgDump, pg_restore: pgRestore },
  },
  { image: /(^|\/)redis:/, programs: { "redis-cli": redis } },
];

/** PostgreSQL's own where this machine has them. */
const clientTools = ["psql", "pg_dump", "pg_restore"];

/** A program by its name or its path; undefined: the image has none of that name. */
export function findProgram({ pod, container, system }: Process, name: string): Program | undefined {
  const image = textOr(containerNamed(pod, container)?.["image"], "");
  const bare = name.replace(/^\/(usr\/)?(local\/)?s?bin\//, "");
  const special = byImage.find((one) => one.image.test(image))?.programs ?? {};
  if (system.tools !== undefined && clientTools.includes(bare) && Object.hasOwn(special, bare))
    return realProgram(system.tools, bare);
  return [special, everywhere].find((programs) => Object.hasOwn(programs, bare))?.[bare];
}

function say(out: Process["out"], text: string): number {
  out(`${text}\n`);
  return 0;
}

function lines(env: Record<string, string>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
}

function printEnv({ argv, env, out }: Process): number {
  const [, name] = argv;
  if (name === undefined) return say(out, lines(env));
  return env[name] === undefined ? 1 : say(out, env[name]);
}

async function cat(process: Process): Promise<number> {
  const names = process.argv.slice(1).filter((name) => !/^-./.test(name));
  if (names.length === 0) process.out(await process.stdin());
  const files = filesOf(process);
  const missing = names.filter((name) => name !== "-" && !files.has(name));
  for (const name of names) {
    if (name === "-") process.out(await process.stdin());
    else if (files.has(name)) process.out(files.get(name)!);
    else process.err(`cat: ${name}: No such file or directory\n`);
  }
  return missing.length > 0 ? 1 : 0;
}

function ls(process: Process): number {
  const names = process.argv.slice(1).filter((name) => !name.startsWith("-"));
  const files = [...filesOf(process).keys()];
  const roots = ["bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "var"];
  let code = 0;
  for (const name of names.length > 0 ? names : ["/"]) {
    const folder = name.replace(/\/+$/, "");
    const inside = files.filter((file) => file.startsWith(`${folder}/`)).map((file) => rest(file, folder));
    const listed = folder === "" ? [...roots, ...inside] : inside;
    if (listed.length > 0) say(process.out, [...new Set(listed)].sort().join("\n"));
    else if (files.includes(name)) say(process.out, name);
    else {
      process.err(`ls: cannot access '${name}': No such file or directory\n`);
      code = 2;
    }
  }
  return code;
}

function rest(file: string, folder: string): string {
  return file.slice(folder.length + 1).split("/")[0]!;
}

function filesOf({ pod, container, system }: Process): Map<string, string> {
  const { name } = pod.metadata;
  return new Map([
    ["/etc/hostname", `${name}\n`],
    ["/etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'],
    ...mountedFiles(system.store, pod, container),
  ]);
}

/** The parts of `INFO` that say how a cache does. */
const redisInfo = [
  "# Server",
  "redis_version:7.2.4",
  "uptime_in_days:41",
  "",
  "# Clients",
  "connected_clients:14",
  "",
  "# Memory",
  "used_memory:187432960",
  "maxmemory:536870912",
  "maxmemory_policy:allkeys-lru",
  "",
  "# Stats",
  "rejected_connections:0",
  "evicted_keys:0",
  "keyspace_hits:1841733",
  "keyspace_misses:392118",
].join("\r\n");

function redis({ argv, out, err }: Process): number {
  const words = argv.slice(1).filter((word) => !word.startsWith("-"));
  const [command = "ping"] = words;
  const answers: Record<string, string> = {
    ping: "PONG",
    dbsize: "(integer) 0",
    info: redisInfo,
  };
  const answer = answers[command.toLowerCase()];
  if (answer !== undefined) return say(out, answer);
  err(`(error) ERR unknown command '${command}'\n`);
  return 1;
}
