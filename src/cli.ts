import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { commands } from "../commands/index.ts";
import { type CommandLine, commandText, parseCommandLine } from "./cli/arguments.ts";
import type { Result, Screen } from "./cli/command.ts";
import { helpView } from "./cli/help.ts";
import type { OwnTest } from "./cli/own-tests.ts";
import { renderLine, renderText } from "./cli/render-text.ts";
import { readCommandLineSettings, type Settings } from "./config.ts";
import { isUserError, UserError } from "./domain/errors.ts";
import type { Command } from "./engine/commands/command.ts";
import { parseCommand } from "./engine/commands/parse-command.ts";
import { refusalView } from "./engine/commands/refusal-view.ts";

/** Exit codes: refused or not succeeded; configuration missing; interrupted; our fault (EX_SOFTWARE). */
const exits = { fine: 0, refused: 1, unconfigured: 2, broken: 70 } as const;

const now = (): Date => new Date();

type Stream = NodeJS.WriteStream;

function write(stream: Stream, text: string): void {
  stream.write(`${text}\n`);
}

function styleOf(stream: Stream) {
  const width = Math.min(100, Math.max(40, stream.columns || 80));
  return { width, colors: stream.isTTY && stream.hasColors() };
}

/** With `--json` standard output is kept for the one document; everything else goes to standard error. */
function createScreen(json: boolean): Screen {
  const answers = json ? process.stderr : process.stdout;
  return {
    view(view, reply) {
      const stream = reply?.trouble === undefined ? answers : process.stderr;
      write(stream, renderText(view, styleOf(stream)));
      write(stream, "");
    },
    content: (bytes) => void (json ? process.stderr : process.stdout).write(bytes),
    say: (text) => write(answers, renderLine(text, styleOf(answers))),
    interactive: !json && process.stdin.isTTY && process.stderr.isTTY,
  };
}

/** ms between two lines that differ in their figures only. */
const CALM = 5000;

/** What a step waits for, without a line for every second of a countdown. */
function calmly({ say }: Screen): (detail: string) => void {
  let last = { shape: "", at: -Infinity };
  return (detail) => {
    const shape = detail.replaceAll(/[\d.]+/g, "");
    if (shape === last.shape && performance.now() - last.at < CALM) return;
    last = { shape, at: performance.now() };
    say(`  ${detail}`);
  };
}

/** The first Ctrl-C asks; the second leaves at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  return controller.signal;
}

function exitOf({ trouble, run, plan }: Result): number {
  if (trouble !== undefined) return trouble === "broken" ? exits.broken : exits.refused;
  if (run !== null) return run.outcome === null || run.outcome === "succeeded" ? exits.fine : exits.refused;
  return plan !== null && ["denied", "expired", "voided"].includes(plan.status) ? exits.refused : exits.fine;
}

function settingsOrExit(): Settings | number {
  try {
    return readCommandLineSettings();
  } catch (error) {
    if (!isUserError(error)) throw error;
    printRefusal(error);
    return exits.unconfigured;
  }
}

/** Playbooks are read only for what is no command of crai's own. */
async function knownCommands(name = "help"): Promise<readonly Command[]> {
  if (commands.some((one) => one.name === name.toLowerCase())) return commands;
  const { commandsHere } = await import("./cli/commands-here.ts");
  return commandsHere();
}

async function command({ words, options }: CommandLine): Promise<number> {
  const known = await knownCommands(words[0]);
  const text = commandText(words, known);
  // What is no command is said before anything is opened.
  parseCommand(text, known);
  const settings = settingsOrExit();
  if (typeof settings === "number") return settings;
  // Help and typos must not wait until the SDKs are loaded.
  const { runCommand } = await import("./cli/command.ts");
  const { cliLog, withSession, withStore } = await import("./cli/session.ts");
  const screen = createScreen(options.json);
  const progress = { say: screen.say, interrupted: interruption() };
  const result = await withStore(settings, (store) =>
    withSession(
      {
        settings,
        store,
        context: options.context,
        warn: (warning) => write(process.stderr, `crai: ${warning}`),
        onWaiting: calmly(screen),
        now,
        log: cliLog(settings),
      },
      (session) => runCommand({ session, options, screen, progress }, text),
    ),
  );
  if (options.json) write(process.stdout, JSON.stringify(result));
  return exitOf(result);
}

/** `check --coverage <runbook.md>`: what becomes of each item of a written runbook. */
async function coverage(file: string | undefined, options: CommandLine["options"]): Promise<number> {
  if (file === undefined)
    throw new UserError("--coverage needs a runbook.", {
      why: "Nothing follows it.",
      next: "crai check --coverage docs/runbook.md",
    });
  const { playbooksFolder } = await import("./config.ts");
  const { coverageOf } = await import("./cli/coverage.ts");
  const { coverageLine, coverageMarkdown } = await import("./engine/runbook/report.ts");
  const today = now().toISOString().slice(0, 10);
  const report = coverageOf(file, { playbooks: playbooksFolder(), today });
  const missing = report.items.filter((item) => item.coverage === "missing");
  if (options.json) write(process.stdout, JSON.stringify(report));
  else if (options.out === null) {
    write(process.stdout, coverageLine(report));
    for (const { node } of missing) write(process.stdout, `${file}:${node.line} missing: ${node.label}`);
  } else {
    writeFileSync(options.out, coverageMarkdown(report));
    write(process.stdout, `${coverageLine(report)}. Written to ${options.out}`);
  }
  for (const problem of report.problems) write(process.stderr, problem);
  return missing.length + report.problems.length === 0 ? exits.fine : exits.refused;
}

/** The one playbook that `check` was asked to test, and whether it shall read files and no more. */
function wantedOf(words: readonly string[]): { only: string | undefined; onlyFiles: boolean } {
  const [only, ...more] = words.filter((word) => word !== "--files");
  const strange = more[0] ?? (only?.startsWith("-") === true ? only : undefined);
  if (strange === undefined) return { only, onlyFiles: words.includes("--files") };
  throw new UserError(`check does not know ${strange}.`, {
    why: "It checks crai.yaml and the playbooks, and carries out the tests of all playbooks or of one.",
    next: "Usage: crai check [playbook] [--files] | check --live | check --coverage <runbook.md>",
  });
}

/** null: there is no practice cluster here to carry them out on. */
async function ownTests(only: string | undefined, json: boolean): Promise<OwnTest[] | null> {
  const { canTestPlaybooks, testPlaybooks } = await import("./cli/own-tests.ts");
  if (!canTestPlaybooks()) {
    write(
      process.stderr,
      "The playbooks' own tests were not carried out: this installation has no practice cluster. In a checkout of crai: CRAI_PLAYBOOKS=<folder> npm run crai -- check",
    );
    return null;
  }
  return testPlaybooks(only, ({ playbook, test, problems }) => {
    if (json) return;
    write(process.stdout, `${problems.length === 0 ? "✓" : "✗"} ${playbook}: ${test}`);
    for (const problem of problems) write(process.stderr, `    ${problem}`);
  });
}

/** `check --live`: whether each playbook could be carried out on the clusters as they are. */
async function live({ json }: CommandLine["options"]): Promise<number> {
  const settings = settingsOrExit();
  if (typeof settings === "number") return settings;
  const { checkLive } = await import("./cli/check-live.ts");
  const { cliLog, withStore } = await import("./cli/session.ts");
  const log = cliLog(settings);
  const lines = await withStore(settings, (store) => checkLive({ settings, store, log, now }));
  const marks = { able: "✓", unable: "✗", unseen: "?" } as const;
  if (json) write(process.stdout, JSON.stringify(lines));
  else
    for (const { playbook, state, why } of lines)
      write(process.stdout, `${marks[state]} ${playbook}${why === null ? "" : `: ${why}`}`);
  return lines.some(({ state }) => state === "unable") ? exits.refused : exits.fine;
}

async function check({ words, options }: CommandLine): Promise<number> {
  if (words[1] === "--coverage") return coverage(words[2], options);
  if (words[1] === "--live") return live(options);
  const { only, onlyFiles } = wantedOf(words.slice(1));
  const { checkFiles } = await import("./cli/check.ts");
  const { fine, problems, playbooks } = checkFiles();
  if (!options.json) for (const line of fine) write(process.stdout, `✓ ${line}`);
  for (const problem of problems) write(process.stderr, problem);
  if (playbooks !== null && only !== undefined && !playbooks.includes(only))
    throw new UserError(`There is no playbook "${only}".`, {
      why: `There are ${playbooks.join(", ")}.`,
      next: "Name one of them, or none for all.",
    });
  const tests = playbooks === null || onlyFiles ? null : await ownTests(only, options.json);
  if (options.json) write(process.stdout, JSON.stringify({ fine, problems, tests }));
  const failed = tests?.some((test) => test.problems.length > 0) ?? false;
  return problems.length > 0 || failed ? exits.refused : exits.fine;
}

/** `audit verify [--incident 12] [--hash …]` */
async function audit({ words, options }: CommandLine): Promise<number> {
  const [, verb, ...rest] = words;
  const flags = new Map<string, string>();
  for (let index = 0; index < rest.length; index += 2) flags.set(rest[index]!, rest[index + 1] ?? "");
  const unknown = [...flags.keys()].find((flag) => flag !== "--incident" && flag !== "--hash");
  const incident = flags.get("--incident");
  if (verb !== "verify" || unknown !== undefined || (incident !== undefined && !/^\d{1,9}$/.test(incident)))
    throw new UserError("Only `audit verify` is known.", {
      why: "The record can be checked and nothing else be done to it.",
      next: "Usage: crai audit verify [--incident <number>] [--hash <hash>]",
    });
  const settings = settingsOrExit();
  if (typeof settings === "number") return settings;
  const { auditLine, auditStreams } = await import("./cli/audit.ts");
  const { withStore } = await import("./cli/session.ts");
  const audits = await withStore(settings, ({ db }) =>
    auditStreams(db, {
      incident: incident === undefined ? null : Number(incident),
      hash: flags.get("--hash") ?? null,
    }),
  );
  if (options.json) write(process.stdout, JSON.stringify(audits));
  else for (const one of audits) write(one.broken === null ? process.stdout : process.stderr, auditLine(one));
  if (audits.length === 0) write(process.stdout, "Nothing is recorded yet.");
  return audits.every(({ broken }) => broken === null) ? exits.fine : exits.refused;
}

function printRefusal(error: UserError): void {
  write(process.stderr, renderText(refusalView(error), styleOf(process.stderr)));
}

async function main(): Promise<number> {
  try {
    const line = parseCommandLine(process.argv.slice(2));
    const [name = "help"] = line.words;
    if (name === "check") return await check(line);
    if (name === "audit") return await audit(line);
    if (name === "help" || name === "--help" || name === "-h") {
      write(
        process.stdout,
        renderText(
          helpView(line.words[1], await knownCommands(line.words[1] ?? "").catch(() => commands)),
          styleOf(process.stdout),
        ),
      );
      return exits.fine;
    }
    return await command(line);
  } catch (error) {
    if (isUserError(error)) {
      printRefusal(error);
      return exits.refused;
    }
    const reference = randomUUID().slice(0, 8);
    write(process.stderr, `Something broke on our side (reference ${reference}).`);
    write(process.stderr, error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exits.broken;
  }
}

// Sockets and timers of the SDKs would keep the process for half a minute.
process.exit(await main());
