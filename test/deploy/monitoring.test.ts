import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { program } from "../support/program.ts";

const folder = "deploy/monitoring";
const ruleFiles = readdirSync(folder)
  .filter((name) => name.endsWith("-rules.yaml"))
  .map((name) => `${folder}/${name}`);

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

function rulesOf(file: string): Rule[] {
  const { groups } = parse(readFileSync(file, "utf8")) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

const rules = rulesOf(`${folder}/credit-risk-rules.yaml`);

/** What "Alert Configuration" of the runbook states: the alert, its limit and its window. */
const stated = [
  ["HighErrorRate", "> 0.05", "2m", "critical"],
  ["APIDown", "== 0", undefined, "critical"],
  ["ModelAccuracyDrop", "< 0.80", undefined, "critical"],
  ["BiasViolation", "> 0", undefined, "critical"],
  ["SecurityBreach", "> 0", undefined, "critical"],
  ["HighLatency", "> 0.2", "5m", "warning"],
  ["HighCpuUsage", "> 0.80", undefined, "warning"],
  ["HighMemoryUsage", "> 0.80", undefined, "warning"],
  ["ModelDrift", "> 0.1", undefined, "warning"],
  ["HighCarbonFootprint", "> 5", undefined, "warning"],
  ["MemoryUsageAboveKeyMetric", "> 0.85", undefined, "warning"],
  ["HighDiskUsage", "> 0.90", undefined, "warning"],
  ["PodRestarts", "> 0", undefined, "warning"],
] as const;

test.each(stated)(
  "%s fires at the limit and after the window that the runbook states",
  (name, limit, window, severity) => {
    const rule = rules.find(({ alert }) => alert === name);
    expect(rule?.expr.trim().endsWith(limit)).toBe(true);
    expect(rule?.for).toBe(window);
    expect(rule?.labels["severity"]).toBe(severity);
  },
);

test("the time people have to answer follows from the severity, as the runbook gives it", () => {
  const times = { critical: "immediate", warning: "1h", info: "24h" } as Record<string, string>;
  for (const { alert, labels } of rules)
    expect({ alert, response: labels["response"] }).toEqual({ alert, response: times[labels["severity"]!] });
});

const promtool = program("promtool");
const amtool = program("amtool");

describe.skipIf(promtool === undefined)("with promtool (skipped: no prometheus)", () => {
  test("the rules are what Prometheus reads", () => {
    expect(execFileSync(promtool!, ["check", "rules", ...ruleFiles], { encoding: "utf8" })).toContain(
      "SUCCESS",
    );
  });

  test("each alert fires when it should and not before", () => {
    const output = execFileSync(promtool!, ["test", "rules", "test/deploy/credit-risk.promtool.yaml"], {
      encoding: "utf8",
    });
    expect(output).toContain("SUCCESS");
  });
});

describe.skipIf(amtool === undefined)("with amtool (skipped: no prometheus-alertmanager)", () => {
  const config = `--config.file=${folder}/alertmanager.yaml`;

  test("the configuration is what Alertmanager reads", () => {
    expect(
      execFileSync(amtool!, ["check-config", `${folder}/alertmanager.yaml`], { encoding: "utf8" }),
    ).toContain("SUCCESS");
  });

  test.each([
    [
      "what needs an answer at once: crai, and PagerDuty without crai",
      ["response=immediate"],
      "crai-and-pagerduty",
    ],
    ["a warning: crai", ["response=1h", "severity=warning"], "crai"],
    ["information: crai", ["response=24h", "severity=info"], "crai"],
    [
      "what is confidential: not the service that everybody reads",
      ["response=immediate", "kind=security"],
      "crai-and-security",
    ],
    ["crai itself: not crai", ["alertname=CraiDown", "severity=critical"], "pagerduty"],
    ["the watchdog: whoever misses it", ["alertname=Watchdog"], "heartbeat"],
  ])("%s", (_, labels, receiver) => {
    const routed = execFileSync(amtool!, ["config", "routes", "test", config, ...labels], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(routed.trim()).toBe(receiver);
  });
});
