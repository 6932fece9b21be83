import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { UserError } from "../domain/errors.ts";

/** All problems of a YAML file at once, each with file:line:column. */
export function parseYaml<Schema extends z.ZodType>(
  schema: Schema,
  file: string,
  source: string,
): z.infer<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(source, {
    lineCounter: lines,
    prettyErrors: false,
    maxAliasCount: 50,
  } as object);
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new UserError(`${file} is no valid YAML`, {
      why: document.errors.map((error) => `${at(error.pos[0])} ${error.message}`).join("\n"),
      next: "Correct these lines.",
    });
  }
  const result = schema.safeParse(document.toJS());
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => {
    const paths =
      issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return paths.map(
      (path) => `${at(offsetOf(document, path))} ${path.join(".") || "(top level)"}: ${issue.message}`,
    );
  });
  throw new UserError(`${file} is not as it must be`, {
    why: problems.join("\n"),
    next: "Correct these lines; nothing of it is in force.",
  });
}

/** Where the deepest existing part of a path begins. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const range = (node as { range?: [number, number, number] } | undefined)?.range;
    if (range) return range[0];
  }
  return 0;
}
