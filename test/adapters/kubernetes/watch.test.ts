import type { ServerResponse } from "node:http";
import { afterEach, expect, test, vi } from "vitest";
import { answer, deployment, type ScriptedServer, startScripted, status, target } from "./scripted-server.ts";

let server: ScriptedServer;
afterEach(() => server.close());

function event(response: ServerResponse, type: string, object: object): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

const forbidden = status(
  403,
  'deployments.apps is forbidden: User "robin" cannot watch resource "deployments"',
);

function startWatched(onWatch: (number: number, response: ServerResponse) => void): Promise<ScriptedServer> {
  let watches = 0;
  return startScripted(({ url }, response) =>
    url.searchParams.get("watch") === "true"
      ? onWatch(++watches, response)
      : answer(response, 200, deployment()),
  );
}

function watches(): (string | null)[] {
  return server.seen
    .filter(({ url }) => url.searchParams.has("watch"))
    .map(({ url }) => url.searchParams.get("resourceVersion"));
}

test("a change wakes whoever waits, from the version that was read", async () => {
  server = await startWatched((_, response) => event(response, "MODIFIED", deployment()));
  const cluster = server.cluster();
  await cluster.workload(target);

  await cluster.changed(target, 60_000);
  expect(watches()).toEqual(["100"]);
  expect(server.seen.at(-1)!.url.searchParams.get("fieldSelector")).toBe("metadata.name=api");
});

test("an event cut in two by the network is one event", async () => {
  server = await startWatched((_, response) => {
    const line = `${JSON.stringify({ type: "MODIFIED", object: deployment() })}\n`;
    response.write(line.slice(0, 40));
    setTimeout(() => response.write(line.slice(40)), 20);
  });
  const cluster = server.cluster();
  await cluster.workload(target);

  await cluster.changed(target, 60_000);
  expect(watches()).toHaveLength(1);
});

test("a bookmark is no change, and a watch that breaks after it goes on from there", async () => {
  server = await startWatched((number, response) => {
    if (number === 1) {
      event(response, "BOOKMARK", { metadata: { resourceVersion: "170" } });
      response.end();
    } else event(response, "DELETED", deployment());
  });
  const cluster = server.cluster();
  await cluster.workload(target);

  await cluster.changed(target, 60_000);
  expect(watches()).toEqual(["100", "170"]);
});

test("a watch whose connection is cut is opened again", async () => {
  server = await startWatched((number, response) => {
    if (number === 1) response.destroy();
    else event(response, "MODIFIED", deployment());
  });
  const cluster = server.cluster();
  await cluster.workload(target);

  await cluster.changed(target, 60_000);
  expect(watches()).toEqual(["100", "100"]);
});

test("without the right to watch, or with a version the server forgot, the caller looks again after a second", async () => {
  server = await startWatched((number, response) => {
    if (number === 1) return answer(response, 403, forbidden);
    if (number === 2) return answer(response, 410, status(410, "too old resource version"));
    return event(response, "ERROR", status(410, "too old resource version"));
  });
  const cluster = server.cluster();
  await cluster.workload(target);

  for (let looks = 1; looks <= 3; looks++) {
    await cluster.changed(target, 60_000);
    expect(watches()).toHaveLength(looks);
  }
});

test("an API server that is away lets the caller look by itself, and never rejects", async () => {
  server = await startWatched((_, response) => response.destroy());
  const cluster = server.cluster();
  await cluster.workload(target);

  await cluster.changed(target, 60_000);
  expect(watches()).toHaveLength(3);
});

test("nothing happens: it ends when its time is up, or when it is told to, and leaves no watch behind", async () => {
  const open = new Set<ServerResponse>();
  server = await startWatched((_, response) => {
    open.add(response);
    response.on("close", () => open.delete(response));
    response.flushHeaders();
  });
  const cluster = server.cluster();
  await cluster.workload(target);
  await cluster.changed(target, 50);

  const stop = new AbortController();
  const waiting = cluster.changed(target, 60_000, stop.signal);
  await vi.waitFor(() => expect(watches()).toHaveLength(2));
  stop.abort();
  await waiting;
  await vi.waitFor(() => expect(open.size).toBe(0));
});
