import { expect, it } from "vitest";
import type { LogOptions } from "../../../sandbox/cluster/logs.ts";
import { by, startApi } from "./setup.ts";

const now = new Date("2026-03-01T12:00:00Z");

async function startWithPod(containers: string[], states: object[] = []) {
  const api = await startApi({ now: () => now });
  const asked: LogOptions[] = [];
  api.cluster.store.create(
    "pods",
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", namespace: "default" },
      spec: { containers: containers.map((name) => ({ name })) },
      status: { containerStatuses: states },
    },
    by,
  );
  api.cluster.logs = async function* logs(_pod, options) {
    asked.push(options);
    yield "first";
    yield "second";
  };
  const log = (query = "") => api.call("GET", `/api/v1/namespaces/default/pods/p/log${query}`);
  return { asked, log };
}

it("gives the lines of the only container as text", async () => {
  const { log } = await startWithPod(["web"]);
  expect(await log()).toMatchObject({ code: 200, type: "text/plain", text: "first\nsecond\n" });
});

it("passes on what is wanted of the log", async () => {
  const { asked, log } = await startWithPod(["web", "side"]);
  await log("?container=side&tailLines=5&sinceSeconds=60&timestamps=true&follow=true");
  expect(asked[0]).toMatchObject({
    container: "side",
    tailLines: 5,
    since: new Date("2026-03-01T11:59:00Z"),
    timestamps: true,
    follow: true,
    previous: false,
  });
});

it("stops after limitBytes", async () => {
  const { log } = await startWithPod(["web"]);
  expect((await log("?limitBytes=8")).text).toBe("first\nse");
});

it.each<[string, { containers: string[]; states?: object[]; query?: string }, string]>([
  [
    "a pod of several containers",
    { containers: ["web", "side"] },
    "a container name must be specified for pod p, choose one of: [web side]",
  ],
  [
    "a container it has not",
    { containers: ["web"], query: "?container=db" },
    "container db is not valid for pod p",
  ],
  [
    "a container that cannot be pulled",
    { containers: ["web"], states: [{ name: "web", state: { waiting: { reason: "ImagePullBackOff" } } }] },
    'container "web" in pod "p" is waiting to start: trying and failing to pull image',
  ],
  [
    "an earlier life it did not have",
    { containers: ["web"], states: [{ name: "web", state: { running: {} } }], query: "?previous=true" },
    'previous terminated container "web" in pod "p" not found',
  ],
])("refuses the log of %s", async (_name, { containers, states, query }, message) => {
  const { log } = await startWithPod(containers, states);
  expect((await log(query)).json).toMatchObject({ code: 400, reason: "BadRequest", message });
});
