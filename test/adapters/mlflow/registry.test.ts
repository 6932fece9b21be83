import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../../../sandbox/one-port.ts";
import { createModels } from "../../../sandbox/registry/models.ts";
import { createRegistry } from "../../../sandbox/registry/registry.ts";
import { createModelRegistry } from "../../../src/adapters/mlflow/registry.ts";
import { isError, isUserError } from "../../../src/domain/errors.ts";

const name = "credit-risk-ensemble";

/** The practice registry, and crai's way to it. */
async function practice() {
  const models = createModels(name, "champion");
  const web = await listen(0);
  web.mount(
    "/mlflow",
    createRegistry(models, () => undefined),
  );
  onTestFinished(() => web.close());
  return {
    models,
    model: { registry: `${web.origin}/mlflow/`, name },
    port: createModelRegistry({ token: null }),
  };
}

/** A registry that answers as it is told. */
async function answering(handle: RequestListener) {
  const server = createServer(handle).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  return { registry: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, name };
}

async function thrown(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => new Error("It was not refused"),
    (error: unknown) => error,
  );
}

test("reads aliases, versions newest first, and figures, and moves an alias", async () => {
  const { models, model, port } = await practice();
  expect([...(await port.aliases(model))]).toEqual([["champion", 3]]);
  const versions = await port.versions(model);
  expect(versions.map(({ version }) => version)).toEqual([3, 2, 1]);
  expect(await port.figures(model, versions[1]!.run!)).toMatchObject({ accuracy: 0.8715 });
  await port.setAlias(model, "champion", 2);
  expect(models.current()).toBe(2);
  expect([...(await port.aliases(model))]).toEqual([["champion", 2]]);
});

test("says what the registry does not have, in its own words", async () => {
  const { model, port } = await practice();
  const error = await thrown(port.aliases({ ...model, name: "other" }));
  expect(isUserError(error) && error.why).toContain("Registered Model with name=other not found");
});

test("says that crai's account is refused, and sends its token only as a bearer", async () => {
  const seen: (string | undefined)[] = [];
  const model = await answering((req, res) => {
    seen.push(req.headers.authorization);
    res.writeHead(403, { "content-type": "text/html" }).end("<h1>Forbidden</h1>");
  });
  const error = await thrown(createModelRegistry({ token: "t0ken" }).aliases(model));
  expect(isUserError(error) && error.next).toContain("MLFLOW_TRACKING_TOKEN");
  expect(seen).toEqual(["Bearer t0ken"]);
});

test.each<[string, RequestListener]>([
  ["an error of its own", (_, res) => void res.writeHead(500).end("{}")],
  ["something that is not MLflow's", (_, res) => void res.writeHead(200).end("<html>")],
  ["more than anybody wants to read", (_, res) => void res.writeHead(200).end("x".repeat(3_000_000))],
  ["another place to go", (_, res) => void res.writeHead(302, { location: "http://127.0.0.1:1/" }).end()],
  ["nothing, and hangs up", (req) => void req.socket.destroy()],
])("takes %s for no answer, so that nothing is believed of it", async (_, handle) => {
  const model = await answering(handle);
  const error = await thrown(createModelRegistry({ token: null }).setAlias(model, "champion", 2));
  expect(isError(error, "ClusterUnreachable")).toBe(true);
});

test("gives up on a registry that never answers", async () => {
  const model = await answering(() => undefined);
  const error = await thrown(createModelRegistry({ token: null, timeoutMs: 100 }).versions(model));
  expect(isError(error, "ClusterUnreachable") && error.message).toContain("does not answer");
});
