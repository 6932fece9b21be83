import {
  type Aggregation,
  aggregations,
  arithmetic,
  BadQuery,
  type BinaryOperator,
  comparisons,
  duration,
  type Expression,
  type FunctionName,
  functions,
  type Grouping,
  type Matcher,
} from "./syntax.ts";

interface Token {
  kind: "name" | "number" | "string" | "duration" | "punctuation" | "end";
  text: string;
  at: number;
}

const tokenPattern =
  /\s+|#[^\n]*|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<duration>\d+(?:ms|[smhd])(?:\d+(?:ms|[smhd]))*(?![a-zA-Z0-9_]))|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?<punctuation>=~|!~|==|!=|>=|<=|[-+*/(){}[\],=<>])/y;

function tokenize(query: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < query.length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(query);
    if (!match) throw new BadQuery(`1:${at + 1}: parse error: unexpected character: '${query[at]}'`);
    const found = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined);
    if (found) tokens.push({ kind: found[0] as Token["kind"], text: found[1], at });
  }
  tokens.push({ kind: "end", text: "end of input", at: query.length });
  return tokens;
}

const precedence: Record<BinaryOperator, number> = {
  "==": 1,
  "!=": 1,
  ">": 1,
  "<": 1,
  ">=": 1,
  "<=": 1,
  "+": 2,
  "-": 2,
  "*": 3,
  "/": 3,
};

function isOperator(text: string): text is BinaryOperator {
  return text in precedence;
}

/** @throws {BadQuery} with Prometheus' position, also for what Prometheus knows and this server does not. */
export function parse(query: string): Expression {
  const tokens = tokenize(query);
  let position = 0;
  const peek = () => tokens[position]!;
  const take = () => tokens[position++]!;

  function fail(token: Token, why: string): never {
    throw new BadQuery(`1:${token.at + 1}: parse error: ${why}`);
  }
  function isNext(text: string): boolean {
    return peek().kind === "punctuation" && peek().text === text;
  }
  function accept(text: string): boolean {
    if (!isNext(text)) return false;
    position += 1;
    return true;
  }
  function expect(text: string): void {
    if (!accept(text)) fail(peek(), `unexpected ${describe(peek())}, expected "${text}"`);
  }

  function binary(least: number): Expression {
    let left = unary();
    for (;;) {
      const { kind, text } = peek();
      if (kind !== "punctuation" || !isOperator(text) || precedence[text] < least) return left;
      take();
      const bool = peek().kind === "name" && peek().text === "bool";
      if (bool) take();
      if (bool && (arithmetic as readonly string[]).includes(text))
        fail(peek(), "bool modifier can only be used on comparison operators");
      left = { type: "binary", op: text, bool, left, right: binary(precedence[text] + 1) };
    }
  }

  function unary(): Expression {
    if (accept("-"))
      return { type: "binary", op: "*", bool: false, left: { type: "number", value: -1 }, right: unary() };
    accept("+");
    return primary();
  }

  function primary(): Expression {
    const token = take();
    if (token.kind === "number") return { type: "number", value: Number(token.text) };
    if (token.kind === "punctuation" && token.text === "(") {
      const inner = binary(0);
      expect(")");
      return inner;
    }
    if (token.kind === "punctuation" && token.text === "{") {
      position -= 1;
      return selector(null);
    }
    if (token.kind !== "name") fail(token, `unexpected ${describe(token)}`);
    if ((aggregations as readonly string[]).includes(token.text)) return aggregate(token.text as Aggregation);
    if (isNext("(")) return call(token);
    return selector(token.text);
  }

  function aggregate(op: Aggregation): Expression {
    const before = grouping();
    expect("(");
    const of = binary(0);
    expect(")");
    return { type: "aggregate", op, of, grouping: before ?? grouping() ?? { mode: "by", labels: [] } };
  }

  function grouping(): Grouping | null {
    const { kind, text } = peek();
    if (kind !== "name" || (text !== "by" && text !== "without")) return null;
    take();
    expect("(");
    const labels: string[] = [];
    while (!accept(")")) {
      const label = take();
      if (label.kind !== "name")
        fail(label, `unexpected ${describe(label)} in grouping opts, expected label`);
      labels.push(label.text);
      if (!isNext(")")) expect(",");
    }
    return { mode: text, labels };
  }

  function call(name: Token): Expression {
    if (!(name.text in functions))
      fail(
        name,
        `unknown function with name "${name.text}" (this server knows ${Object.keys(functions).join(", ")})`,
      );
    expect("(");
    const args: Expression[] = [];
    while (!accept(")")) {
      args.push(binary(0));
      if (!isNext(")")) expect(",");
    }
    const wanted = functions[name.text as FunctionName];
    if (args.length !== wanted)
      fail(name, `expected ${wanted} argument(s) in call to "${name.text}", got ${args.length}`);
    return { type: "call", name: name.text as FunctionName, args };
  }

  function selector(name: string | null): Expression {
    const matchers: Matcher[] = [];
    if (accept("{")) {
      while (!accept("}")) {
        matchers.push(matcher());
        if (!isNext("}")) expect(",");
      }
    }
    if (name === null && !matchers.some(({ op, value }) => op === "=" && value !== "")) {
      fail(peek(), "vector selector must contain at least one non-empty matcher");
    }
    let rangeMs: number | null = null;
    if (accept("[")) {
      const range = take();
      rangeMs = range.kind === "duration" ? duration(range.text) : null;
      if (rangeMs === null || rangeMs === 0) fail(range, `unexpected ${describe(range)}, expected duration`);
      expect("]");
    }
    return { type: "selector", name, matchers, rangeMs };
  }

  function matcher(): Matcher {
    const label = take();
    if (label.kind !== "name")
      fail(label, `unexpected ${describe(label)} in label matching, expected identifier or "}"`);
    const op = take();
    if (!["=", "!=", "=~", "!~"].includes(op.text))
      fail(op, `unexpected ${describe(op)} in label matching, expected label matching operator`);
    const value = take();
    if (value.kind !== "string")
      fail(value, `unexpected ${describe(value)} in label matching, expected string`);
    const matcher = { label: label.text, op: op.text as Matcher["op"], value: unquote(value.text) };
    if (matcher.op.endsWith("~")) checkPattern(matcher.value, value);
    return matcher;
  }

  function checkPattern(pattern: string, token: Token): void {
    try {
      RegExp(pattern);
    } catch (error) {
      fail(token, `error parsing regexp: ${(error as Error).message}`);
    }
  }

  if (peek().kind === "end")
    throw new BadQuery("unknown position: parse error: no expression found in input");
  const expression = binary(0);
  if (peek().kind !== "end") fail(peek(), `unexpected ${describe(peek())}`);
  return expression;
}

function describe(token: Token): string {
  return token.kind === "end"
    ? token.text
    : `${token.kind === "name" ? "identifier" : token.kind} "${token.text}"`;
}

function unquote(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(.)/g, (_, char: string) => ({ n: "\n", t: "\t" })[char] ?? char);
}

export function isComparison(op: BinaryOperator): op is (typeof comparisons)[number] {
  return (comparisons as readonly string[]).includes(op);
}
