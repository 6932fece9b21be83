import { createNormalizer } from "./normalize.ts";
import type { NormalizeOptions } from "./normalize.ts";
import { kubectl, kubectlUntil } from "./run.ts";
import type { KubectlTarget, Ran } from "./run.ts";

/** One command of a scenario and what a person saw of it. */
export interface Step {
  command: string;
  exitCode: number;
  stdout: string[];
  stderr: string[];
  /** What was said on the way, without its numbers: which of it is seen depends on the moment. */
  progress?: string[];
}

type Command = string | string[];
type KeepOptions = NormalizeOptions & {
  /** Only the last line is the result; those before it tell how things go on. */
  progress?: boolean;
};
type StepOptions = KeepOptions & { input?: string };

/** A person with kubectl in a namespace of his own; what he sees is kept. */
export interface Session {
  namespace: string;
  /** Runs a command and keeps what it said. A string is split at spaces. */
  step(command: Command, options?: StepOptions): Promise<void>;
  /** Keeps what `get -w` printed until it matched, while something else was done. */
  watch(
    command: Command,
    options: KeepOptions & { during: () => Promise<void>; until: RegExp },
  ): Promise<void>;
  /** Runs a command nobody looks at; throws when it fails. */
  prepare(command: Command, input?: string): Promise<string>;
  /** Repeats a command until its standard output matches; with input, until anything it says does. */
  until(command: Command, pattern: RegExp, input?: string): Promise<void>;
}

export interface Scenario {
  name: string;
  run(session: Session): Promise<void>;
}

const deadlineMs = 40_000;

/** Plays a scenario on a cluster and returns what was kept. */
export async function play(target: KubectlTarget, scenario: Scenario): Promise<Step[]> {
  const namespace = `contract-${scenario.name.replaceAll(/[^a-z0-9]+/g, "-")}`;
  const normalize = createNormalizer();
  const steps: Step[] = [];
  const inside = (command: Command): string[] => {
    const args = typeof command === "string" ? command.split(" ") : command;
    if (args.includes("-n")) return args;
    // What stands behind "--" is the container's.
    const end = args.includes("--") ? args.indexOf("--") : args.length;
    return args.toSpliced(end, 0, "-n", namespace);
  };

  function keep(command: Command, ran: Ran, { progress, ...options }: KeepOptions = {}): void {
    const said = `kubectl ${typeof command === "string" ? command : command.join(" ")}`;
    const stdout = normalize(ran.stdout, said, options);
    const before = progress ? stdout.splice(0, stdout.length - 1) : [];
    const forms = before.map((line) => line.replaceAll(/\d+/g, "<n>"));
    steps.push({
      command: normalize(said, said).join("\n"),
      exitCode: ran.exitCode,
      stdout,
      stderr: normalize(ran.stderr, said, options),
      ...(progress && { progress: [...new Set(forms)] }),
    });
  }

  async function prepare(command: Command, input?: string): Promise<string> {
    const ran = await kubectl(target, inside(command), input === undefined ? {} : { input });
    if (ran.exitCode !== 0) throw new Error(`kubectl ${String(command)} failed: ${ran.stderr}`);
    return ran.stdout;
  }

  async function until(command: Command, pattern: RegExp, input?: string): Promise<void> {
    const end = Date.now() + deadlineMs;
    for (;;) {
      const given = input === undefined ? {} : { input };
      const { stdout, stderr } = await kubectl(target, inside(command), given);
      if (pattern.test(input === undefined ? stdout : stdout + stderr)) return;
      if (Date.now() > end)
        throw new Error(`kubectl ${String(command)} never matched ${pattern}:\n${stdout}${stderr}`);
    }
  }

  await kubectl(target, ["create", "namespace", namespace]);
  await until("get serviceaccount default -o name", /serviceaccount\/default/);
  try {
    await scenario.run({
      namespace,
      prepare,
      until,
      step: async (command, { input, ...options } = {}) =>
        keep(command, await kubectl(target, inside(command), input === undefined ? {} : { input }), options),
      watch: async (command, { during, until: pattern, ...options }) =>
        keep(command, await kubectlUntil(target, inside(command), { during, until: pattern }), options),
    });
  } finally {
    await kubectl(target, ["delete", "namespace", namespace, "--wait=false"]);
  }
  return steps;
}
