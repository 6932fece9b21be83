import { quoted } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";
import type { Parameter, Purpose } from "../../domain/parameter.ts";
import type { NamedApp } from "../../engine/playbooks/action.ts";
import type { Json } from "../../engine/ports.ts";

export type NamedParameter = Parameter & { name: string };

/** The parameter that is meant; the only one of its purpose where none is named. Throws a UserError. */
export function chooseParameter(app: NamedApp, purpose: Purpose, name: string | null): NamedParameter {
  const all = Object.entries(app.parameters ?? {})
    .map(([key, parameter]) => ({ ...parameter, name: key }))
    .filter((one) => one.purpose === purpose);
  const [first, ...others] = all;
  if (first === undefined)
    throw new UserError(`crai knows no parameter for ${purpose} of ${app.name}.`, {
      why: `crai.yaml has none with that purpose under \`apps.${app.name}.parameters\`.`,
      next: "Name there the ConfigMap, the key and what it may be.",
    });
  const names = all.map((one) => one.name).join(", ");
  if (name === null) {
    if (others.length === 0) return first;
    throw new UserError(`Which parameter of ${app.name}?`, {
      why: `There are ${names}.`,
      next: "Name one of them with `--parameter`.",
    });
  }
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new UserError(`${app.name} has no parameter ${quoted(name)} for ${purpose}.`, {
    why: `It has ${names}.`,
    next: "Name one of them with `--parameter`.",
  });
}

/** What is allowed, for people. */
export function allowedText({ min, max, values }: Parameter): string {
  return values === undefined ? `a number from ${min} to ${max}` : `one of ${Object.keys(values).join(", ")}`;
}

/** What is written for what somebody asked for. Throws a UserError for what is not allowed. */
export function written(parameter: NamedParameter, given: Json): string {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  const { title, min = -Infinity, max = Infinity, values } = parameter;
  if (values !== undefined && Object.hasOwn(values, text)) return values[text]!;
  const number = values === undefined && /^-?\d{1,12}(\.\d{1,12})?$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return String(number);
  throw new UserError(`${quoted(text)} is no value for ${title}.`, {
    why: `It must be ${allowedText(parameter)}.`,
    next: "Choose such a one; the bounds are in crai.yaml.",
  });
}

/** What stands there, for people; what is not allowed is not shown, for nobody knows what it is. */
export function shown(parameter: Parameter, value: string | null): string {
  if (value === null) return "not set";
  const { min = -Infinity, max = Infinity, values } = parameter;
  if (values !== undefined)
    return Object.keys(values).find((word) => values[word] === value) ?? "something else";
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) return "no number";
  return number >= min && number <= max ? String(number) : `${number} (outside ${min} to ${max})`;
}
