import {
  type Coverage,
  coverages,
  isPlaceholder,
  nodesNamed,
  type Runbook,
  type RunbookNode,
} from "../../domain/runbook.ts";

/** Something that says it carries an item of the runbook out, with everything below it. */
export interface Claim {
  /** A reference as `nodesNamed` reads it. */
  item: string;
  coverage: Exclude<Coverage, "missing">;
  /** What does it, for people: `rollback › undo`, `/crai oncall`, `alert HighErrorRate`. */
  by: string;
  /** Where the claim stands, as file:line. */
  at: string;
  /** The day the claim's own playbook is due for review (ISO 8601). */
  nextReview: string | null;
}

/** A command or rule of the runbook that cannot do what it says. */
export interface Deviation {
  item: string;
  problem: string;
  instead: string;
  decide: string;
  at: string;
}

export interface CoveredItem {
  path: string[];
  node: RunbookNode;
  coverage: Coverage;
  by: string[];
  placeholder: boolean;
  /** Why its word can no longer be taken for current; null: it can. */
  stale: string | null;
}

export interface CoverageReport {
  title: string;
  /** Set when the runbook's own review date has passed (ISO 8601). */
  overdueSince: string | null;
  items: CoveredItem[];
  deviations: (Omit<Deviation, "item"> & { line: number; label: string })[];
  /** References that name nothing, or more than one thing, with file:line. */
  problems: string[];
}

function better(a: Coverage, b: Coverage): Coverage {
  return coverages.indexOf(a) <= coverages.indexOf(b) ? a : b;
}

function worse(a: Coverage, b: Coverage): Coverage {
  return better(a, b) === a ? b : a;
}

/** The one node a reference names; otherwise undefined, with the problem noted. */
function theNode(runbook: Runbook, { item, at }: { item: string; at: string }, problems: string[]) {
  const nodes = nodesNamed(runbook, item);
  if (nodes.length === 1) return nodes[0];
  const lines = nodes.map(({ line }) => line).join(", ");
  problems.push(
    nodes.length === 0
      ? `${at} the runbook has no item "${item}"`
      : `${at} "${item}" names ${nodes.length} items of the runbook (lines ${lines}): put more of their headings before it`,
  );
  return undefined;
}

/**
 * What becomes of each list item, table row and command of a runbook. A claim covers its item and all below it; an item
 * with parts of its own and no claim is as covered as the least covered of them. A placeholder never counts as covered.
 */
export function coverRunbook(
  runbook: Runbook,
  {
    claims,
    deviations,
    today,
  }: { claims: readonly Claim[]; deviations: readonly Deviation[]; today: string },
): CoverageReport {
  const problems: string[] = [];
  const claimed = new Map<RunbookNode, Claim[]>();
  for (const claim of claims) {
    const node = theNode(runbook, claim, problems);
    if (node) claimed.set(node, [...(claimed.get(node) ?? []), claim]);
  }

  const items: CoveredItem[] = [];
  function visit(node: RunbookNode, path: readonly string[], above: readonly Claim[]): Coverage {
    const here = [...above, ...(claimed.get(node) ?? [])];
    const at = items.length;
    const below = node.children.map((child) => visit(child, [...path, node.label], here));
    const parts = below.length === 0 ? "missing" : below.reduce(worse);
    const coverage = here.map((claim): Coverage => claim.coverage).reduce(better, parts);
    if (node.kind === "heading" || node.kind === "group") return coverage;
    const placeholder = isPlaceholder(node);
    const due = here.find(({ nextReview }) => nextReview !== null && nextReview < today);
    const item: CoveredItem = {
      path: [...path],
      node,
      coverage: placeholder && coverage !== "missing" ? "manual" : coverage,
      by: [...new Set(here.map(({ by }) => by))],
      placeholder,
      stale: due === undefined ? null : `${due.by} was due for review on ${due.nextReview}`,
    };
    items.splice(at, 0, item);
    return coverage;
  }
  for (const section of runbook.sections) visit(section, [], []);

  const { nextReview } = runbook;
  return {
    title: runbook.title,
    overdueSince: nextReview !== null && nextReview < today ? nextReview : null,
    items,
    deviations: deviations.flatMap(({ item, ...deviation }) => {
      const node = theNode(runbook, { item, at: deviation.at }, problems);
      return node ? [{ ...deviation, line: node.line, label: node.label }] : [];
    }),
    problems,
  };
}

/** A placeholder is counted apart from what is covered; one that nothing speaks of is missing like anything else. */
export function countedAs({
  coverage,
  placeholder,
}: Pick<CoveredItem, "coverage" | "placeholder">): Coverage | "placeholder" {
  return placeholder && coverage !== "missing" ? "placeholder" : coverage;
}

/** How many items are covered how. */
export function countCoverage({ items }: CoverageReport): Record<Coverage | "placeholder", number> {
  const count = { automatic: 0, assisted: 0, manual: 0, missing: 0, placeholder: 0 };
  for (const item of items) count[countedAs(item)]++;
  return count;
}
