import { permissions } from "../../src/domain/access.ts";
import type { JsonSchema } from "./json-schema.ts";

/** A Markdown table. Cells may hold any text: bars are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

const permissionCount = Object.keys(permissions).length;

function typeOf(schema: JsonSchema): string {
  // The list of them all is a table of its own.
  if (schema.enum?.length === permissionCount) return "[permission](configuration.md#permissions)";
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(", ");
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.anyOf) return schema.anyOf.map((option) => typeOf(option)).join(" or ");
  if (schema.pattern?.includes("ms|s|m|h|d")) return "duration";
  if (schema.format === "uri") return "URL";
  if (schema.format === "date") return "date";
  if (schema.type === "array") return `list of ${typeOf(schema.items as JsonSchema)}`;
  if (schema.type === "object" && typeof schema.additionalProperties === "object")
    return `map to ${typeOf(schema.additionalProperties)}`;
  if (schema.type === "object") return "object";
  return schema.type === undefined ? "any" : String(schema.type);
}

function defaultOf(schema: JsonSchema, required: boolean): string {
  if (required) return "required";
  if (schema.default === undefined || schema.type === "object") return "";
  return code(JSON.stringify(schema.default));
}

/** What a list or map holds, and how that is written in a path; undefined for plain values. */
function contentOf(schema: JsonSchema): { path: string; content: JsonSchema } | undefined {
  if (schema.type === "array") return { path: "[]", content: schema.items as JsonSchema };
  if (schema.type === "object" && typeof schema.additionalProperties === "object")
    return { path: ".<name>", content: schema.additionalProperties };
  return undefined;
}

/** The object that something is, or may be written as. */
function objectOf(schema: JsonSchema): JsonSchema | undefined {
  const options = [schema, ...(schema.anyOf ?? [])];
  return options.find(({ properties }) => properties !== undefined);
}

/** One row for each key, in the order of the schema; keys of objects in lists and maps follow their parent. */
export function keyRows(schema: JsonSchema, path = ""): string[][] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const property = value as JsonSchema;
    const key = path === "" ? name : `${path}.${name}`;
    const row = [
      code(key),
      typeOf(property),
      defaultOf(property, required.has(name)),
      property.description ?? "",
    ];
    const inner = contentOf(property);
    const object = inner && objectOf(inner.content);
    if (inner && object) return [row, ...keyRows(object, `${key}${inner.path}`)];
    return [row, ...keyRows(property, key)];
  });
}
