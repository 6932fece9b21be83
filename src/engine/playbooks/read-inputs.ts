import { isValid } from "date-fns/isValid";
import { parseISO } from "date-fns/parseISO";
import type { App } from "../../domain/app.ts";
import { quoted } from "../../domain/clean-text.ts";
import { Duration } from "../../domain/deadline.ts";
import { UserError } from "../../domain/errors.ts";
import { quantityOf } from "../../domain/quantity.ts";
import type { AnswerType, Input, InputType, Playbook } from "../../domain/playbook.ts";
import { findApp } from "../commands/apps.ts";
import type { Json } from "../ports.ts";

type Apps = Record<string, App>;

interface Kind {
  /** What it has to be, for people. */
  is: (bounds: AnswerType) => string;
  /** The typed value; undefined: it is none. */
  read: (text: string, bounds: AnswerType, apps: Apps) => Json | undefined;
}

function matching(pattern: RegExp): Kind["read"] {
  return (text) => (pattern.test(text) ? text : undefined);
}

function readInt(text: string, { min = -Infinity, max = Infinity }: AnswerType): number | undefined {
  const value = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function intName({ min, max }: AnswerType): string {
  if (min !== undefined && max !== undefined) return `a whole number from ${min} to ${max}`;
  if (min !== undefined) return `a whole number of at least ${min}`;
  return max === undefined ? "a whole number" : `a whole number of at most ${max}`;
}

const booleans: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };

function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  if (year === undefined) return false;
  const days = [
    31,
    Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0) ? 29 : 28,
  ];
  const longest = Number(month) === 2 ? days[1]! : [4, 6, 9, 11].includes(Number(month)) ? 30 : 31;
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= longest;
}

/** The same moment in UTC. */
function readTime(text: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const moment = parseISO(text);
  return isValid(moment) ? moment.toISOString() : undefined;
}

const kinds: Readonly<Record<InputType, Kind>> = {
  app: { is: () => "an app of crai.yaml", read: (text, _, apps) => findApp(apps, text).name },
  environment: {
    is: () => "an environment of crai.yaml",
    read: (text, _, apps) =>
      Object.values(apps).some(({ environments }) => Object.hasOwn(environments, text)) ? text : undefined,
  },
  // As a person wrote it: the action that goes there says in words what is wrong with it.
  revision: { is: () => "the number of a revision", read: (text) => text },
  int: { is: intName, read: readInt },
  count: { is: () => "a whole number, or how many more as +2", read: matching(/^[+-]?\d{1,6}$/) },
  amount: {
    is: () => "an amount of CPU or memory such as 500m, 2, 4Gi, or how much more, such as +50%",
    read: (text) => (/^\+\d{1,4}%$/.test(text) || (quantityOf(text) ?? 0) > 0 ? text : undefined),
  },
  number: {
    is: () => "a number such as 0.25",
    read: (text) => (/^[+-]?\d{1,12}(\.\d{1,12})?$/.test(text) ? Number(text) : undefined),
  },
  enum: {
    is: ({ values = [] }) => `one of ${values.join(", ")}`,
    read: (text, { values = [] }) => (values.includes(text) ? text : undefined),
  },
  "image-tag": {
    is: () => "the tag of an image: letters, digits, _, . and -, at most 128",
    read: matching(/^\w[\w.-]{0,127}$/),
  },
  duration: {
    is: () => "a duration such as 90s, 10m, 1h30m",
    read: (text) => (Duration.safeParse(text).success ? text : undefined),
  },
  boolean: { is: () => "true or false", read: (text) => booleans[text.toLowerCase()] },
  date: { is: () => "a day such as 2026-11-22", read: (text) => (isDay(text) ? text : undefined) },
  time: {
    is: () => "a moment with its offset, such as 2026-11-22T14:30Z or 2026-11-22T14:30+01:00",
    read: readTime,
  },
  name: {
    is: () => "a Kubernetes name: lower-case letters, digits, - and .",
    read: matching(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/),
  },
  text: { is: () => "text", read: (text) => text },
};

/** One value as its type wants it; throws a UserError that says what it must be. */
export function readValue(
  given: Json,
  { name, bounds, apps }: { name: string; bounds: AnswerType; apps: Apps },
): Json {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  const { is, read } = kinds[bounds.type];
  const value = read(text, bounds, apps);
  if (value !== undefined) return value;
  throw new UserError(`${quoted(text)} is no value for ${name}.`, {
    why: `It must be ${is(bounds)}.`,
    next: "Correct it and try again.",
  });
}

function partsOf(given: Json): Json[] {
  if (Array.isArray(given)) return given;
  return (typeof given === "string" ? given : JSON.stringify(given))
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function readOne(name: string, input: Input, given: Json, apps: Apps): Json {
  const value = given ?? input.default ?? null;
  if (value === null) {
    if (!input.required) return null;
    throw new UserError(`Which ${name}?`, {
      why: input.description,
      next: `It must be ${kinds[input.type].is(input)}.`,
    });
  }
  const one = (part: Json): Json => readValue(part, { name, bounds: input, apps });
  return input.list ? partsOf(value).map(one) : one(value);
}

/** Every input with its typed value, null where none was given. Throws a UserError for what is no value, or unknown. */
export function readInputs(
  { metadata, inputs }: Pick<Playbook, "metadata" | "inputs">,
  given: Readonly<Record<string, Json>>,
  apps: Apps,
): Record<string, Json> {
  const unknown = Object.keys(given).find((name) => given[name] !== null && !Object.hasOwn(inputs, name));
  if (unknown !== undefined)
    throw new UserError(`${metadata.name} has no input ${quoted(unknown)}.`, {
      why: `It has: ${Object.keys(inputs).join(", ") || "none"}.`,
      next: `\`help ${metadata.name}\` explains them.`,
    });
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, readOne(name, input, given[name] ?? null, apps)]),
  );
}

/** The input that says which app, or which environment, a playbook is about. */
export function inputOfType(
  inputs: Readonly<Record<string, Input>>,
  type: "app" | "environment",
): string | undefined {
  return Object.entries(inputs).find(([, input]) => input.type === type && !input.list)?.[0];
}
