import type { Playbook } from "../../domain/playbook.ts";
import type { Problem } from "../parse-yaml.ts";
import { asProblem } from "./check-steps.ts";
import { readValue } from "./read-inputs.ts";

/** Flags that every command has, or that the command line takes for itself. */
const taken: ReadonlySet<string> = new Set(["reason", "incident", "json", "yes", "wait", "out", "context"]);

type Declared = Pick<
  Playbook,
  "inputs" | "command" | "on_alert" | "on_declare" | "schedule" | "risk" | "approvals"
>;

function defaultProblems({ inputs }: Declared): Problem[] {
  return Object.entries(inputs).flatMap(([name, input]) => {
    const { type, list, default: given } = input;
    // Which apps there are is known to crai.yaml, not to a playbook.
    if (given === undefined || given === null || type === "app" || type === "environment") return [];
    return (list && Array.isArray(given) ? given : [given]).flatMap((value) =>
      asProblem(["inputs", name, "default"], () => readValue(value, { name, bounds: input, apps: {} })),
    );
  });
}

/** What nobody is there for: to say what an input is, or to give a second yes. */
function startProblems({ inputs, on_alert: alert, schedule, risk, approvals }: Declared): Problem[] {
  const starts = [
    ...(alert === undefined ? [] : [{ key: "on_alert", by: "an alert", alone: alert.mode === "auto" }]),
    ...(schedule === undefined ? [] : [{ key: "schedule", by: "a schedule", alone: true }]),
  ];
  // An alert is about an app; a schedule about none.
  const isKnown = (key: string, type: string): boolean =>
    type === "environment" || (key === "on_alert" && type === "app");
  return starts.flatMap(({ key, by, alone }) => [
    ...(alone && (risk === "guarded" || approvals > 1)
      ? [
          {
            path: key === "on_alert" ? [key, "mode"] : [key],
            message: `what needs the yes of a second person is not started by ${by}${key === "on_alert" ? ": propose it" : ""}`,
          },
        ]
      : []),
    ...Object.entries(inputs)
      .filter(
        ([, { type, required, default: given }]) => required && given === undefined && !isKnown(key, type),
      )
      .map(([name]) => ({ path: [key], message: `${by} gives no value to the input ${name}` })),
  ]);
}

/** Inputs against each other, and against what starts the playbook. */
export function checkInputs(declared: Declared): Problem[] {
  const { inputs, command } = declared;
  const entries = Object.entries(inputs);
  const single = (type: "app" | "environment") =>
    entries.filter(([, input]) => input.type === type && !input.list).slice(1);
  return [
    ...entries
      .filter(([name]) => taken.has(name))
      .map(([name]) => ({
        path: ["inputs", name],
        message: `every command has --${name} already: name it otherwise`,
      })),
    ...[...single("app"), ...single("environment")].map(([name, { type }]) => ({
      path: ["inputs", name],
      message: `a playbook is about one ${type}: only one input may be of this type, any other is a list`,
    })),
    ...(command?.words ?? [])
      .filter((word) => !Object.hasOwn(inputs, word))
      .map((word) => ({ path: ["command", "words"], message: `there is no input ${word}` })),
    ...entries
      .filter(([name, { type }]) => name === "env" && type !== "environment")
      .map(([name]) => ({ path: ["inputs", name], message: "--env always names an environment" })),
    ...(declared.on_declare !== undefined && declared.risk !== "observe"
      ? [
          {
            path: ["on_declare"],
            message: "what is started by `declare` may only look and ask: its risk is observe",
          },
        ]
      : []),
    ...startProblems(declared),
    ...defaultProblems(declared),
  ];
}
