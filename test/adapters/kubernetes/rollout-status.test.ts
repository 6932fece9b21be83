import { describe, expect, test } from "vitest";
import { rolloutStatus } from "../../../src/adapters/kubernetes/rollout-status.ts";
import { toWorkload } from "../../../src/adapters/kubernetes/workload.ts";
import type { WorkloadKind } from "../../../src/domain/app.ts";
import { deployment, target } from "./scripted-server.ts";

function statusOf(kind: WorkloadKind, more: Parameters<typeof deployment>[0], revision?: number) {
  return rolloutStatus(toWorkload({ ...target, kind }, deployment(more)), revision);
}

const done = { replicas: 3, updatedReplicas: 3, availableReplicas: 3, observedGeneration: 2 };

describe("a Deployment", () => {
  test.each([
    ["all replicas are new and available", {}, done, "done"],
    ["the controller has not seen the change", {}, { ...done, observedGeneration: 1 }, "progressing"],
    ["new replicas are still to be made", {}, { ...done, updatedReplicas: 2 }, "progressing"],
    ["old replicas are still to stop", {}, { ...done, replicas: 4 }, "progressing"],
    ["new replicas are not available yet", {}, { ...done, availableReplicas: 2 }, "progressing"],
    ["it has no replicas", { replicas: 0 }, { observedGeneration: 2 }, "done"],
    [
      "it missed its deadline",
      {},
      {
        ...done,
        availableReplicas: 2,
        conditions: [{ type: "Progressing", reason: "ProgressDeadlineExceeded" }],
      },
      "failed",
    ],
    [
      "it missed the deadline of an earlier change",
      {},
      {
        ...done,
        observedGeneration: 1,
        conditions: [{ type: "Progressing", reason: "ProgressDeadlineExceeded" }],
      },
      "progressing",
    ],
  ])("%s", (_, spec, status, state) => {
    const zero = { replicas: 0, updatedReplicas: 0, availableReplicas: 0 };
    expect(statusOf("deployment", { spec, status: { ...zero, ...status } }).state).toBe(state);
  });

  test("another revision than the one asked for is a failure", () => {
    const metadata = { annotations: { "deployment.kubernetes.io/revision": "5" } };
    expect(statusOf("deployment", { metadata }, 5).state).toBe("done");
    expect(statusOf("deployment", { metadata }, 4)).toEqual({
      state: "failed",
      detail: "It is at revision 5, not 4",
    });
  });
});

describe("a DaemonSet", () => {
  const all = {
    desiredNumberScheduled: 3,
    updatedNumberScheduled: 3,
    numberAvailable: 3,
    observedGeneration: 2,
  };
  test.each([
    ["every node has the new pod", {}, all, "done"],
    ["the controller has not seen the change", {}, { ...all, observedGeneration: 1 }, "progressing"],
    ["nodes are missing", {}, { ...all, updatedNumberScheduled: 2 }, "progressing"],
    ["pods are not available", {}, { ...all, numberAvailable: 2 }, "progressing"],
    ["it is OnDelete", { updateStrategy: { type: "OnDelete" } }, all, "failed"],
  ])("%s", (_, spec, status, state) => {
    expect(statusOf("daemonset", { spec, status }).state).toBe(state);
  });
});

describe("a StatefulSet", () => {
  const rolling = (partition?: number) => ({
    updateStrategy: { type: "RollingUpdate", rollingUpdate: partition === undefined ? {} : { partition } },
  });
  const all = { observedGeneration: 2, readyReplicas: 3, updatedReplicas: 3, currentReplicas: 3 };
  test.each([
    ["every pod is ready and new", rolling(0), all, "done"],
    ["the controller has seen nothing yet", rolling(0), { ...all, observedGeneration: 0 }, "progressing"],
    ["pods are not ready", rolling(0), { ...all, readyReplicas: 2 }, "progressing"],
    ["pods above the partition are not new yet", rolling(1), { ...all, updatedReplicas: 1 }, "progressing"],
    ["pods above the partition are new", rolling(1), { ...all, updatedReplicas: 2 }, "done"],
    ["it is OnDelete", { updateStrategy: { type: "OnDelete" } }, all, "failed"],
    [
      "its revisions differ, without rollingUpdate",
      { updateStrategy: { type: "RollingUpdate" } },
      { ...all, updateRevision: "b", currentRevision: "a" },
      "progressing",
    ],
    [
      "its revisions are one, without rollingUpdate",
      { updateStrategy: { type: "RollingUpdate" } },
      { ...all, updateRevision: "b", currentRevision: "b" },
      "done",
    ],
  ])("%s", (_, spec, status, state) => {
    expect(statusOf("statefulset", { spec, status }).state).toBe(state);
  });
});
