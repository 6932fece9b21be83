import { describe, expect, it } from "vitest";
import { duration } from "../../../sandbox/cluster/tables/columns.ts";
import type { KubeObject } from "../../../sandbox/cluster/object.ts";
import { tableOf } from "../../../sandbox/cluster/tables/table.ts";
import { configMap, configMaps, by, startApi } from "./setup.ts";

interface Table {
  columnDefinitions: { name: string; priority: number }[];
  rows: { cells: unknown[]; object?: { kind: string }; conditions?: { reason: string }[] }[];
}

const now = new Date("2026-03-01T12:00:00Z");

function row(plural: string, object: object): { cells: Record<string, unknown>; row: Table["rows"][number] } {
  const metadata = { name: "x", namespace: "n", creationTimestamp: "2026-03-01T11:55:00Z" };
  const whole = { apiVersion: "v1", kind: "Any", metadata, ...object } as KubeObject;
  const request = { plural, version: "v1", include: "Metadata", now, headers: true } as const;
  const table = tableOf([whole], request, {}) as Table;
  const names = table.columnDefinitions.map((column) => column.name);
  return {
    cells: Object.fromEntries(names.map((name, index) => [name, table.rows[0]!.cells[index]])),
    row: table.rows[0]!,
  };
}

it.each([
  [0, "0s"],
  [119, "119s"],
  [120, "2m"],
  [200, "3m20s"],
  [60 * 60, "60m"],
  [60 * 60 * 3 + 60, "3h1m"],
  [60 * 60 * 30, "30h"],
  [60 * 60 * 24 * 2 + 3600 * 3, "2d3h"],
  [60 * 60 * 24 * 40, "40d"],
  [60 * 60 * 24 * 800, "2y70d"],
  [-5, "<invalid>"],
])("writes %d seconds as %s", (seconds, text) => {
  expect(duration(seconds * 1000)).toBe(text);
});

describe("the status of a pod", () => {
  const ready = { name: "a", ready: true, restartCount: 0, state: { running: {} } };

  function status(containers: object[], rest: { spec?: object; status?: object; metadata?: object } = {}) {
    const { cells } = row("pods", {
      spec: { containers: containers.map(() => ({})), ...rest.spec },
      status: { phase: "Running", containerStatuses: containers, ...rest.status },
      ...(rest.metadata && { metadata: { name: "x", ...rest.metadata } }),
    });
    return [cells["Ready"], cells["Status"], cells["Restarts"]];
  }

  it("is its phase while all goes well", () => {
    expect(status([ready])).toEqual(["1/1", "Running", "0"]);
  });

  it("is what its container waits for", () => {
    const waiting = {
      name: "a",
      ready: false,
      restartCount: 3,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { finishedAt: "2026-03-01T11:59:30Z" } },
    };
    expect(status([waiting, ready])).toEqual(["1/2", "CrashLoopBackOff", "3 (30s ago)"]);
  });

  it("is how its container ended", () => {
    const ended = { name: "a", restartCount: 0, state: { terminated: { exitCode: 137 } } };
    expect(status([ended])).toEqual(["0/1", "ExitCode:137", "0"]);
  });

  it("is Terminating while it is being deleted", () => {
    expect(status([ready], { metadata: { deletionTimestamp: "2026-03-01T12:00:30Z" } })[1]).toBe(
      "Terminating",
    );
  });

  it("counts init containers that are done", () => {
    const initContainerStatuses = [{ state: { terminated: { exitCode: 0 } } }, { state: { running: {} } }];
    const spec = { initContainers: [{}, {}] };
    expect(status([], { spec, status: { phase: "Pending", initContainerStatuses } })[1]).toBe("Init:1/2");
  });
});

it("shows a Deployment as kubectl get and get -o wide do", () => {
  const spec = {
    replicas: 3,
    selector: { matchLabels: { app: "api" } },
    template: {
      spec: {
        containers: [
          { name: "api", image: "api:v1" },
          { name: "side", image: "side:v2" },
        ],
      },
    },
  };
  const { cells } = row("deployments", {
    spec,
    status: { readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2 },
  });
  expect(cells).toEqual({
    Name: "x",
    Ready: "2/3",
    "Up-to-date": 1,
    Available: 2,
    Age: "5m",
    Containers: "api,side",
    Images: "api:v1,side:v2",
    Selector: "app=api",
  });
});

it("falls back to a name and an age for a kind without columns of its own", () => {
  expect(row("things", {}).cells).toEqual({ Name: "x", "Created At": "2026-03-01T11:55:00Z" });
});

it("gives a table of a list, its rows with as much of the object as was asked for", async () => {
  const { call, cluster } = await startApi();
  cluster.store.create("configmaps", configMap("a", { x: "1" }), by);
  const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
  const kinds = await Promise.all(
    ["Metadata", "Object", "None"].map(async (include) => {
      const answer = await call("GET", `${configMaps}?includeObject=${include}`, { headers });
      return (answer.json as never as Table).rows[0]!.object?.kind;
    }),
  );
  expect(kinds).toEqual(["PartialObjectMetadata", "ConfigMap", undefined]);
});

it("answers an Accept it cannot meet with 406", async () => {
  const { call } = await startApi();
  const answer = await call("GET", configMaps, { headers: { accept: "application/xml" } });
  expect(answer.json).toMatchObject({ code: 406, reason: "NotAcceptable" });
});
