import type { LabelSelector } from "./objects.ts";

type Requirement = NonNullable<LabelSelector["matchExpressions"]>[number];

function meets(labels: Record<string, string>, { key, operator, values = [] }: Requirement): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      throw new Error(`Label selector operator "${operator}" is not one of In, NotIn, Exists, DoesNotExist.`);
  }
}

/** An empty selector matches everything, as in metav1.LabelSelector. */
export function selects(selector: LabelSelector, labels: Record<string, string> = {}): boolean {
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((requirement) => meets(labels, requirement))
  );
}
