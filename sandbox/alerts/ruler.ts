import type { Metrics } from "../metrics/metrics.ts";
import { labelsKey } from "../metrics/series.ts";
import type { PostedAlert } from "./alert.ts";
import type { Rule } from "./rules.ts";

interface Active {
  alert: PostedAlert;
  since: number;
  firing: boolean;
}

/** Names that an expression's result carries and an alert does not. */
const dropped = new Set(["__name__", "condition", "status"]);

/** Evaluates the rules at each reading of the metrics: pending, firing after its `for`, then resolved. */
export function createRuler(
  rules: readonly Rule[],
  metrics: Pick<Metrics, "query" | "onTick">,
  sendTo: (alerts: PostedAlert[]) => void,
  options: { origin: () => string; clock?: () => number },
) {
  const clock = options.clock ?? Date.now;
  const active = new Map<string, Active>();

  function posted(
    rule: Rule,
    labels: Readonly<Record<string, string>>,
    value: number,
    startsAt: number,
  ): PostedAlert {
    const app = labels["app"] ?? "";
    const own = Object.entries(labels).filter(([name]) => !dropped.has(name));
    return {
      labels: {
        ...Object.fromEntries(own),
        alertname: rule.alert,
        severity: rule.severity,
        cluster: "practice",
      },
      annotations: {
        summary: rule.summary.replace("$app", app).replace("$value", rule.format(value)),
        description: rule.description,
        runbook_url: `https://docs.credit-risk-ai.example.com/runbook#${rule.alert.toLowerCase()}`,
      },
      startsAt,
      endsAt: null,
      generatorURL: `${options.origin()}/prom/graph?${new URLSearchParams({ "g0.expr": rule.expr, "g0.tab": "1" }).toString()}`,
    };
  }

  function evaluate(): void {
    const now = clock();
    const seen = new Set<string>();
    const news: PostedAlert[] = [];
    for (const rule of rules) {
      for (const { labels, value } of metrics.query(rule.expr)) {
        const key = `${rule.alert} ${labelsKey(labels)}`;
        seen.add(key);
        const known = active.get(key) ?? {
          alert: posted(rule, labels, value, now),
          since: now,
          firing: false,
        };
        active.set(key, known);
        if (known.firing || now - known.since < rule.forMs) continue;
        known.firing = true;
        known.alert = posted(rule, labels, value, now);
        news.push(known.alert);
      }
    }
    for (const [key, { alert, firing }] of active) {
      if (seen.has(key)) continue;
      active.delete(key);
      if (firing) news.push({ ...alert, endsAt: now });
    }
    if (news.length > 0) sendTo(news);
  }

  return { close: metrics.onTick(evaluate) };
}
