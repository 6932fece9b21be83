import { afterEach, expect, test } from "vitest";
import { isError, isUserError } from "../../../src/domain/errors.ts";
import { answer, deployment, type ScriptedServer, startScripted, status, target } from "./scripted-server.ts";

let server: ScriptedServer;
afterEach(() => server.close());

async function failure(attempt: Promise<unknown>): Promise<Error> {
  return attempt.then(
    () => {
      throw new Error("It succeeded");
    },
    (error: unknown) => error as Error,
  );
}

const patch = { type: "merge", body: { spec: { paused: true } }, fieldManager: "crai" } as const;

test("the person is impersonated with one header for each group, beside crai's own token and name", async () => {
  server = await startScripted((_, response) => answer(response, 200, deployment()));
  await server.cluster().workload(target);

  const { rawHeaders } = server.seen[0]!;
  const valuesOf = (name: string): string[] =>
    rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === name);
  expect(valuesOf("impersonate-user")).toEqual(["robin"]);
  expect(valuesOf("impersonate-group")).toEqual(["sre", "on-call"]);
  expect(valuesOf("authorization")).toEqual(["Bearer bot-token"]);
  expect(valuesOf("user-agent")).toEqual(["crai/1.2.3"]);
});

test("a user name outside ASCII arrives as UTF-8", async () => {
  server = await startScripted((_, response) => answer(response, 200, deployment()));
  const identities = { U0ROBIN: { user: "Søren", groups: [] } };
  await server.cluster({ identities }).workload(target);

  const { rawHeaders } = server.seen[0]!;
  const value = rawHeaders[rawHeaders.indexOf("Impersonate-User") + 1]!;
  expect(Buffer.from(value, "latin1").toString("utf8")).toBe("Søren");
});

test("on the command line nobody is impersonated", async () => {
  server = await startScripted((_, response) => answer(response, 200, deployment()));
  await server.cluster({ own: true }).workload(target);

  expect(server.seen[0]!.rawHeaders.join()).not.toMatch(/impersonate/i);
});

test.each([500, 502, 503, 504, 429])("a read that is answered %i is made again", async (code) => {
  server = await startScripted(({ number }, response) =>
    number < 3 ? answer(response, code, status(code, "not now")) : answer(response, 200, deployment()),
  );

  expect(await server.cluster().workload(target)).toMatchObject({ uid: "uid-1" });
  expect(server.seen).toHaveLength(3);
});

test("a read whose connection breaks is made again, and given up as unreachable in the end", async () => {
  server = await startScripted((_, __, socket) => void socket.destroy());

  const error = await failure(server.cluster().workload(target));
  expect(isError(error, "ClusterUnreachable")).toBe(true);
  expect(error.message).toMatch(/The API server of scripted did not answer: socket hang up/);
  expect(server.seen).toHaveLength(3);
});

test("Retry-After decides when a call comes again, not crai's own patience", async () => {
  server = await startScripted(({ number }, response) =>
    number === 1
      ? answer(response, 429, status(429, "slow down"), { "Retry-After": "0" })
      : answer(response, 200, deployment()),
  );

  const patient = server.cluster({ retry: { attempts: 2, firstDelayMs: 600_000 } });
  expect(await patient.workload(target)).toMatchObject({ uid: "uid-1" });
});

test("a server that takes the connection and says nothing is unreachable after the deadline", async () => {
  server = await startScripted(() => undefined);

  const error = await failure(server.cluster({ timeoutMs: 50 }).workload(target));
  expect(error.message).toMatch("did not answer: no answer in time");
});

test("a server that stops in the middle of its answer is unreachable after the deadline", async () => {
  server = await startScripted((_, response) => void response.writeHead(200).write('{"kind":'));

  const error = await failure(server.cluster({ timeoutMs: 50 }).workload(target));
  expect(isError(error, "ClusterUnreachable")).toBe(true);
});

test("a patch whose answer is lost is never sent again", async () => {
  server = await startScripted((_, __, socket) => void socket.destroy());

  const error = await failure(server.cluster().patch(target, patch));
  expect(isError(error, "ClusterUnreachable")).toBe(true);
  expect(server.seen.map(({ method }) => method)).toEqual(["PATCH"]);
});

test("a patch that is answered 500 is never sent again: it may have been carried out", async () => {
  server = await startScripted((_, response) => answer(response, 500, status(500, "etcdserver: timed out")));

  const error = await failure(server.cluster().patch(target, patch));
  expect(isError(error, "ClusterUnreachable")).toBe(true);
  expect(server.seen).toHaveLength(1);
});

test("a patch that is answered 429 was not carried out, and comes again", async () => {
  server = await startScripted(({ number }, response) =>
    number === 1 ? answer(response, 429, status(429, "later")) : answer(response, 200, deployment()),
  );

  await server.cluster().patch(target, patch);
  expect(server.seen).toHaveLength(2);
});

test("a dry run writes nothing and may come again", async () => {
  server = await startScripted(({ number }, response) =>
    number === 1 ? answer(response, 503, status(503, "later")) : answer(response, 200, deployment()),
  );

  await server.cluster().patch(target, { ...patch, dryRun: true });
  expect(server.seen.map(({ url }) => url.searchParams.get("dryRun"))).toEqual(["All", "All"]);
});

test("each patch says its type", async () => {
  server = await startScripted((_, response) => answer(response, 200, deployment()));
  for (const type of ["json", "merge", "strategic"] as const)
    await server.cluster().patch(target, { ...patch, type });

  const types = server.seen.map(({ rawHeaders }) => rawHeaders[rawHeaders.indexOf("Content-Type") + 1]);
  expect(types).toEqual([
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
  ]);
});

test("the body of a deletion has a length: without one the server would read it as another request", async () => {
  server = await startScripted((_, response) => answer(response, 200, {}));
  const cluster = server.cluster();
  await cluster.deletePod("shop", "api-0", "uid-of-the-pod");
  await cluster.deletePod("shop", "api-1", "uid-of-the-pod");

  expect(
    server.seen.map(({ body }) => (JSON.parse(body) as { preconditions: object }).preconditions),
  ).toEqual([{ uid: "uid-of-the-pod" }, { uid: "uid-of-the-pod" }]);
});

test("what answers with a page of its own is no API server", async () => {
  server = await startScripted((_, response) => void response.writeHead(200).end("<html>Log in</html>"));

  const error = await failure(server.cluster().workload(target));
  expect(error.message).toBe("What answers for scripted is no Kubernetes API server");
});

test("credentials that are not accepted are a refusal with what to do, and not repeated", async () => {
  server = await startScripted((_, response) => answer(response, 401, status(401, "Unauthorized")));

  const error = await failure(server.cluster().workload(target));
  expect(isUserError(error) && [error.message, error.next]).toEqual([
    "scripted does not accept crai's credentials",
    "Renew the credentials that KUBECONFIG holds.",
  ]);
  expect(server.seen).toHaveLength(1);
});

test("a refusal that quotes the whole object is shown without it", async () => {
  const object = JSON.stringify(JSON.stringify(deployment({ spec: { env: "literal-secret" } })));
  const message = ` "" is invalid: patch: Invalid value: ${object}: json: cannot unmarshal string into int32`;
  const details = { causes: [{ reason: "FieldValueInvalid", message: object, field: "patch" }] };
  server = await startScripted((_, response) => answer(response, 422, status(422, message, { details })));

  const error = await failure(server.cluster().patch(target, patch));
  expect(isUserError(error) && error.why).toMatch("Invalid value (not shown): json: cannot unmarshal");
  expect(JSON.stringify(error)).not.toContain("literal-secret");
});

test("a failed test of a JSON patch and a stale resourceVersion are both a lost race", async () => {
  const generic = status(422, "the server rejected our request due to an error in our request", {
    details: {},
  });
  server = await startScripted(({ number }, response) =>
    number === 1
      ? answer(response, 422, generic)
      : answer(response, 409, status(409, "the object has been modified")),
  );

  for (let race = 0; race < 2; race++)
    expect(isError(await failure(server.cluster().patch(target, patch)), "PatchConflict")).toBe(true);
});
