import { describe, expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { buttonOf } from "../../src/actions/diagnose/resolutions.ts";
import { actions } from "../../src/actions/index.ts";
import { commandsOf } from "../../src/engine/commands/playbook-command.ts";
import { loadPlaybooks } from "../../src/engine/playbooks/load-playbooks.ts";
import { indexActions } from "../../src/engine/playbooks/loaded.ts";
import { judge } from "../../src/actions/diagnose/judge.ts";
import { offers, type Symptom } from "../../src/actions/diagnose/rule.ts";
import type { Change, PodsSeen, Seen } from "../../src/actions/diagnose/seen.ts";

const now = new Date("2026-11-23T03:00:00Z");

function found(symptom: Symptom, seen: Seen) {
  return judge(symptom, { seen, app: "api", workload: "api-deployment", now });
}

function shipped(minutesAgo: number): Change {
  const at = new Date(now.getTime() - minutesAgo * 60_000).toISOString();
  return { at, kind: "rollout", own: true, what: "api-deployment rolled out api:v1.2.0" };
}

function pods(troubled: Partial<PodsSeen["troubled"][number]>[]): PodsSeen {
  const one = { pod: "api-1", owner: "api-deployment", own: true, ready: false, restarts: 0, reason: null };
  return {
    total: 10,
    own: 3,
    ownReady: 0,
    troubled: troubled.map((more) => ({ ...one, message: null, oomKilled: false, ...more })),
  };
}

const full = { used: 97, most: 97, active: 3, idleInTransaction: 90, waiting: 0, longestSeconds: 4 };

describe("what explains a symptom", () => {
  test("is nothing when nothing is wrong", () => {
    expect(found("high-error-rate", { pods: pods([]), changes: { changes: [] } })).toEqual([]);
    expect(found("high-error-rate", {})).toEqual([]);
  });

  test("is a database that is away before a release of minutes ago", () => {
    const seen: Seen = {
      database: { app: "postgres", service: "postgres-service", ready: 0, notReady: 1 },
      changes: { changes: [shipped(5)] },
    };
    expect(found("high-error-rate", seen).map(({ id }) => id)).toEqual(["database-away", "recent-release"]);
  });

  test("counts a release for less the longer it is ago", () => {
    const scores = [5, 60, 600].map(
      (ago) => found("high-error-rate", { changes: { changes: [shipped(ago)] } })[0]!.score,
    );
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(new Set(scores).size).toBe(3);
  });

  test("hangs on the symptom: too little CPU explains slowness better than errors", () => {
    const seen: Seen = { throttling: { share: 0.6 }, changes: { changes: [shipped(60)] } };
    expect(found("high-latency", seen)[0]!.id).toBe("cpu-short");
    expect(found("high-error-rate", seen)[0]!.id).toBe("recent-release");
  });

  test("offers the way back for crashing pods only where a release came before", () => {
    const crashing = pods([{ reason: "CrashLoopBackOff", restarts: 4 }]);
    const kinds = (seen: Seen) => found("high-error-rate", seen)[0]!.resolutions.map((one) => one.do);
    expect(kinds({ pods: crashing, changes: { changes: [shipped(5)] } })).toEqual(["rollback"]);
    expect(kinds({ pods: crashing, changes: { changes: [] } })).toEqual(["restart-failed"]);
  });

  test("names pods that ran out of memory first when resources run out, also when they are ready again", () => {
    const seen: Seen = {
      pods: pods([{ ready: true, oomKilled: true, restarts: 2 }]),
      logs: {
        lines: 9,
        pods: 1,
        groups: [{ pattern: "e", count: 3, pods: 1, example: "error e", previous: false }],
      },
    };
    const [first] = found("resource-exhaustion", seen);
    expect(first).toMatchObject({ id: "out-of-memory", evidence: ["api-1: OOMKilled, 2 restarts"] });
  });

  test("tells connections that are used up from errors that only the app sees", () => {
    const logs = {
      lines: 9,
      pods: 1,
      groups: [
        { pattern: "q", count: 9, pods: 3, example: "QueuePool limit of size 5 reached", previous: false },
      ],
    };
    expect(found("high-latency", { logs, sessions: full })[0]!.id).toBe("connections-used-up");
    expect(found("high-latency", { logs, sessions: { ...full, used: 9 } })[0]!.id).toBe("database-errors");
  });

  test("is the model's own figures when the model is worse", () => {
    const metrics = [{ title: "Accuracy", value: 0.79, ok: false, target: "above 0.85" }];
    expect(
      found("model-degradation", { model: { metrics }, changes: { changes: [shipped(600)] } })[0],
    ).toMatchObject({
      id: "model-under-target",
      evidence: ["Accuracy 0.79 (target above 0.85)"],
      resolutions: [{ do: "rollback-model" }, { do: "analyze" }, { do: "retrain" }, { do: "rollback" }],
    });
  });

  test.each([
    "RuntimeError: model artifact credit-risk-ensemble has no calibration table; exiting with code 1",
    "OSError: Cannot load model from /models/ensemble.pkl",
    "mlflow.exceptions.MlflowException: Registered Model with name=x not found",
  ])("is a model that cannot be loaded: %s", (example) => {
    const logs = {
      lines: 9,
      pods: 3,
      groups: [{ pattern: "m", count: 3, pods: 3, example, previous: true }],
    };
    expect(found("high-error-rate", { logs })[0]).toMatchObject({
      id: "model-not-loaded",
      resolutions: [{ do: "rollback" }, { do: "check-model" }, { do: "rollback-model" }],
    });
  });

  test("is no model that cannot be loaded where a request only failed", () => {
    const example = "KeyError: 'calibration_table' for application 7919";
    const logs = {
      lines: 9,
      pods: 3,
      groups: [{ pattern: "k", count: 3, pods: 3, example, previous: false }],
    };
    expect(found("high-error-rate", { logs }).map(({ id }) => id)).not.toContain("model-not-loaded");
  });
});

test("whatever a diagnosis offers as a button is a command that there is", () => {
  const playbooks = loadPlaybooks("playbooks", indexActions(actions));
  const known = new Set(commandsOf(commands, playbooks).map(({ name }) => name));
  const findings = [...playbooks.values()].flatMap(({ steps }) =>
    steps.filter(({ action }) => action === "findings"),
  );
  expect(findings.length).toBeGreaterThanOrEqual(4);
  for (const { with: given } of findings)
    for (const offer of (given as { offer?: typeof offers }).offer ?? offers) {
      const { command } = buttonOf({ do: offer }, { app: "api", environment: "prod" });
      expect(known).toContain(command.split(" ")[0]);
    }
});
