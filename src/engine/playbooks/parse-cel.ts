import { parse } from "@bufbuild/cel";

export type Parsed = ReturnType<typeof parse>;

/** Playbooks name the same few hundred expressions again and again; old ones of changed files do not pile up for ever. */
const MOST = 5000;
const known = new Map<string, Parsed>();

/** The syntax tree of an expression. Throws what the parser says of one that is none. */
export function parseCel(expression: string): Parsed {
  const text = expression.trim();
  const before = known.get(text);
  if (before !== undefined) return before;
  const parsed = parse(text);
  if (known.size >= MOST) known.clear();
  known.set(text, parsed);
  return parsed;
}
