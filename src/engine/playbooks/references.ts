import type { Json } from "../ports.ts";
import { expressionsIn } from "./expressions.ts";
import { type Parsed, parseCel } from "./parse-cel.ts";

type Expr = NonNullable<Parsed["expr"]>;

/** What an expression names: `inputs.tag` and `inputs["dry-run"]` are `{ root: "inputs", key: "tag" | "dry-run" }`. */
export interface Reference {
  root: string;
  /** null: the whole of it, or a key that is only known when it is evaluated. */
  key: string | null;
}

function isExpr(value: Expr | undefined): value is Expr {
  return value !== undefined;
}

function rootName(expr: Expr | undefined): string | undefined {
  return expr?.exprKind.case === "identExpr" ? expr.exprKind.value.name : undefined;
}

function constantText(expr: Expr | undefined): string | undefined {
  if (expr?.exprKind.case !== "constExpr") return undefined;
  const { constantKind } = expr.exprKind.value;
  return constantKind.case === "stringValue" ? constantKind.value : undefined;
}

/** `a.b` or `a["b"]` where `a` is a variable. */
function keyed(expr: Expr): Reference | undefined {
  const { exprKind } = expr;
  if (exprKind.case === "selectExpr") {
    const root = rootName(exprKind.value.operand);
    return root === undefined ? undefined : { root, key: exprKind.value.field };
  }
  if (exprKind.case !== "callExpr" || exprKind.value.function !== "_[_]") return undefined;
  const [operand, index] = exprKind.value.args;
  const [root, key] = [rootName(operand), constantText(index)];
  return root === undefined || key === undefined ? undefined : { root, key };
}

function childrenOf({ exprKind }: Expr): Expr[] {
  switch (exprKind.case) {
    case "selectExpr":
      return [exprKind.value.operand].filter(isExpr);
    case "callExpr":
      return [exprKind.value.target, ...exprKind.value.args].filter(isExpr);
    case "listExpr":
      return exprKind.value.elements;
    case "structExpr":
      return exprKind.value.entries
        .flatMap(({ keyKind, value }) => [keyKind.case === "mapKey" ? keyKind.value : undefined, value])
        .filter(isExpr);
    case "comprehensionExpr": {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
      return [iterRange, accuInit, loopCondition, loopStep, result].filter(isExpr);
    }
    case "identExpr":
    case "constExpr":
    case undefined:
      return [];
  }
}

/** Names that a macro such as `map(b, …)` brings with it. */
function bound({ exprKind }: Expr): string[] {
  if (exprKind.case !== "comprehensionExpr") return [];
  const { iterVar, iterVar2, accuVar } = exprKind.value;
  return [iterVar, iterVar2, accuVar];
}

function walk(expr: Expr, own: ReadonlySet<string>): Reference[] {
  const name = rootName(expr);
  if (name !== undefined) return own.has(name) ? [] : [{ root: name, key: null }];
  const reference = keyed(expr);
  if (reference !== undefined) return own.has(reference.root) ? [] : [reference];
  const inner = new Set([...own, ...bound(expr)]);
  return childrenOf(expr).flatMap((child) => walk(child, inner));
}

/** Everything an expression reads, by its syntax tree. Throws when it cannot be parsed. */
export function referencesOf(expression: string): Reference[] {
  const { expr } = parseCel(expression);
  return expr === undefined ? [] : walk(expr, new Set());
}

export function mentions(expression: string, root: string): boolean {
  return referencesOf(expression).some((reference) => reference.root === root);
}

/** Whether any `${{ … }}` in a value names it. */
export function mentionsAnywhere(value: Json, root: string): boolean {
  return expressionsIn(value).some((expression) => mentions(expression, root));
}
