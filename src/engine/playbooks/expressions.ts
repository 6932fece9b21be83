import { celEnv, isCelList, isCelMap, plan } from "@bufbuild/cel";
import { UserError } from "../../domain/errors.ts";
import type { Json } from "../ports.ts";
import { parseCel } from "./parse-cel.ts";

const marker = /\$\{\{([\s\S]*?)\}\}/g;

/** CEL values to JSON: integers are bigint there. */
function toJson(value: unknown): Json {
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (Array.isArray(value)) return value.map(toJson);
  if (isCelList(value)) return [...value].map(toJson);
  if (value instanceof Map || isCelMap(value))
    return Object.fromEntries([...value].map(([key, field]) => [String(key), toJson(field)]));
  return null;
}

/** Whole numbers enter as CEL ints, so that `inputs.to > 1` compares like with like. */
function toCel(value: Json): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toCel);
  if (value !== null && typeof value === "object")
    return new Map(Object.entries(value).map(([key, field]) => [key, toCel(field)]));
  return value;
}

const env = celEnv();

/** Compiles once; throws a UserError that quotes the expression. */
export function compile(expression: string): (variables: Record<string, Json>) => Json {
  let run: ReturnType<typeof plan>;
  try {
    run = plan(env, parseCel(expression));
  } catch (cause) {
    throw new UserError(`"${expression.trim()}" is no valid CEL expression`, {
      why: cause instanceof Error ? cause.message : String(cause),
      next: "Correct the expression in the playbook.",
      cause,
    });
  }
  return (variables) => {
    const result = run(
      Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, toCel(value)])) as never,
    );
    if (result instanceof Error)
      throw new UserError(`"${expression.trim()}" has no value`, {
        why: result.message,
        next: "Correct the expression in the playbook, or give the input it needs.",
      });
    return toJson(result);
  };
}

function asText(value: Json): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** `${{ CEL }}` alone keeps its type; inside other text it becomes text. Resolved in one pass: results are never read again. */
export function resolve(value: Json, variables: Record<string, Json>): Json {
  if (typeof value === "string") {
    const whole = /^\$\{\{([\s\S]*)\}\}$/.exec(value.trim());
    if (whole?.[1] !== undefined && !whole[1].includes("${{")) return compile(whole[1])(variables);
    return value.replaceAll(marker, (_, expression: string) => asText(compile(expression)(variables)));
  }
  if (Array.isArray(value)) return value.map((item) => resolve(item, variables));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, resolve(field, variables)]));
  }
  return value;
}

/** The value of one expression without braces, as `when` has it. */
export function evaluate(expression: string, variables: Record<string, Json>): Json {
  return compile(expression)(variables);
}

/** For titles: always text. */
export function resolveText(text: string, variables: Record<string, Json>): string {
  return asText(resolve(text, variables));
}

/** Every expression in a value, so that a playbook with a bad one is refused when it is loaded. */
export function expressionsIn(value: Json): string[] {
  if (typeof value === "string") return [...value.matchAll(marker)].map(([, expression]) => expression ?? "");
  if (Array.isArray(value)) return value.flatMap(expressionsIn);
  if (value !== null && typeof value === "object") return Object.values(value).flatMap(expressionsIn);
  return [];
}
