import type { Problem } from "../parse-yaml.ts";
import type { FlatStep } from "./flat-steps.ts";
import type { LoadedPlaybook, Playbooks } from "./loaded.ts";

function callee({ work }: FlatStep, all: Playbooks): LoadedPlaybook | undefined {
  return work.do === "call" ? all.get(work.playbook) : undefined;
}

/** The names on the way from one playbook back to itself; null: there is no such way. */
function cycleFrom(start: LoadedPlaybook, all: Playbooks): string[] | null {
  const seen = new Set<string>();
  function follow(playbook: LoadedPlaybook, way: string[]): string[] | null {
    for (const step of playbook.flat) {
      const next = callee(step, all);
      if (next === undefined) continue;
      const { name } = next.metadata;
      if (name === start.metadata.name) return [...way, name];
      if (seen.has(name)) continue;
      seen.add(name);
      const found = follow(next, [...way, name]);
      if (found !== null) return found;
    }
    return null;
  }
  return follow(start, [start.metadata.name]);
}

function inputProblems(step: FlatStep, called: LoadedPlaybook): Problem[] {
  const { inputs, metadata } = called;
  const given = Object.keys(step.work.with);
  const missing = Object.entries(inputs).filter(
    ([name, { type, required, default: value }]) =>
      required && value === undefined && !given.includes(name) && type !== "app" && type !== "environment",
  );
  return [
    ...given
      .filter((name) => !Object.hasOwn(inputs, name))
      .map((name) => ({
        path: [...step.path, "with", name],
        message: `${metadata.name} has no input ${name}; it has ${Object.keys(inputs).join(", ") || "none"}`,
      })),
    ...missing.map(([name]) => ({
      path: [...step.path, "call"],
      message: `${metadata.name} needs the input ${name}`,
    })),
  ];
}

/** Calls against the playbooks that are there. `complete`: a playbook that is not among them is nowhere. */
export function checkCalls(
  playbook: LoadedPlaybook,
  all: Playbooks,
  { complete }: { complete: boolean },
): Problem[] {
  const own = new Set([playbook.permission, ...playbook.permissions]);
  const cycle = cycleFrom(playbook, all);
  return playbook.flat.flatMap((step) => {
    const { work, path } = step;
    if (work.do !== "call") return [];
    const at = [...path, "call"];
    const called = all.get(work.playbook);
    if (called === undefined && !complete) return [];
    if (called === undefined)
      return [
        {
          path: at,
          message: `there is no playbook "${work.playbook}"; there are ${[...all.keys()].join(", ")}`,
        },
      ];
    const missing = [called.permission, ...called.permissions].filter((permission) => !own.has(permission));
    const inCycle = cycle?.[1] === work.playbook;
    return [
      ...(inCycle ? [{ path: at, message: `it calls itself: ${cycle.join(" → ")}` }] : []),
      ...missing.map((permission) => ({
        path: at,
        message: `${work.playbook} needs ${permission}, which \`permissions\` does not name`,
      })),
      ...(playbook.risk === "observe" && called.risk !== "observe"
        ? [{ path: at, message: `${work.playbook} changes things; a playbook of risk observe may only look` }]
        : []),
      ...inputProblems(step, called),
    ];
  });
}
