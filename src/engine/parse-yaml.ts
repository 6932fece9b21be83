import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { UserError } from "../domain/errors.ts";

/** Something that is wrong at one place of a document. */
export interface Problem {
  path: readonly PropertyKey[];
  message: string;
}

export interface YamlFile {
  file: string;
  source: string;
}

/** YAML aliases may name each other: a few lines could become gigabytes. */
const mostAliases = 50;

/**
 * All problems of a YAML file at once, each with file:line:column. `check` finds what a schema cannot see; it is given
 * the document as it stands, so that it has its say about a file that the schema refuses too.
 */
export function parseYaml<Schema extends z.ZodType>(
  schema: Schema,
  { file, source }: YamlFile,
  check: (document: unknown, parsed: z.infer<Schema> | undefined) => Problem[] = () => [],
): z.infer<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
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
  const value = valueOf(document, file);
  const result = schema.safeParse(value);
  const problems: (Problem & { offset: number })[] = [
    ...(result.error?.issues ?? []).flatMap(problemsOf),
    ...check(value, result.data),
  ].map((problem) => ({ ...problem, offset: offsetOf(document, problem.path) }));
  if (result.success && problems.length === 0) return result.data;
  const said = problems
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, path, message }) => `${at(offset)} ${path.join(".") || "(top level)"}: ${message}`);
  throw new UserError(`${file} is not as it must be`, {
    why: [...new Set(said)].join("\n"),
    next: "Correct these lines; nothing of it is in force.",
  });
}

/** Problems that were found later, each with file:line:column. */
export function placed({ file, source }: YamlFile, problems: readonly Problem[]): string[] {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  return problems.map(({ path, message }) => {
    const { line, col } = lines.linePos(offsetOf(document, path));
    return `${file}:${line}:${col} ${path.join(".")}: ${message}`;
  });
}

function valueOf(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: mostAliases }) as unknown;
  } catch (cause) {
    throw new UserError(`${file} cannot be read`, {
      why: `${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      next: "Write out what its aliases stand for.",
      cause,
    });
  }
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const { path, message } = issue;
  if (issue.code === "invalid_union") {
    // What was written is plainly of one of the kinds: what is wrong with it is what that kind says.
    const meant = issue.errors.filter(
      (of) => !of.some((one) => one.code === "invalid_type" && one.path.length === 0),
    );
    if (meant.length === 1)
      return meant[0]!.flatMap(problemsOf).map((inner) => ({ ...inner, path: [...path, ...inner.path] }));
  }
  if (issue.code !== "unrecognized_keys") return [{ path, message }];
  return issue.keys.map((key) => ({ path: [...path, key], message }));
}

/** Where the deepest existing part of a path begins. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const range = (node as { range?: [number, number, number] } | undefined)?.range;
    if (range) return range[0];
  }
  return 0;
}
