import { request } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { foreign, listen, PortInUse } from "../../../sandbox/one-port.ts";
import type { Part } from "../../../sandbox/part.ts";

function echo(name: string): Part {
  return {
    handle: (req, res) => void res.end(`${name} ${req.url}`),
    close: () => Promise.resolve(),
  };
}

async function start() {
  const web = await listen(0);
  onTestFinished(() => web.close());
  web.mount("/", echo("page"));
  web.mount("/k8s", echo("k8s"));
  const { port } = new URL(web.origin);
  /** fetch does not let one choose the Host. */
  const get = (path: string, headers: Record<string, string>) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const req = request({ host: "127.0.0.1", port, path, headers }, (res) => {
        let body = "";
        res.setEncoding("utf8").on("data", (text: string) => (body += text));
        res.on("end", () => resolve({ status: res.statusCode!, body }));
      });
      req.on("error", reject);
      req.end();
    });
  return { web, port, get };
}

it("gives each part what is below its prefix, and the page the rest", async () => {
  const { get, port } = await start();
  const body = async (path: string) => (await get(path, { host: `localhost:${port}` })).body;

  expect(await body("/k8s/api/v1?watch=1")).toBe("k8s /api/v1?watch=1");
  expect(await body("/k8s")).toBe("k8s /");
  expect(await body("/k8s?x=1")).toBe("k8s /?x=1");
  expect(await body("/k8smore")).toBe("page /k8smore");
  expect(await body("/assets/k8s")).toBe("page /assets/k8s");
});

it("refuses a foreign Host, which is how a rebound name of somebody else's comes in", async () => {
  const { get, port } = await start();

  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    `localhost.evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    "192.168.0.1",
  ]) {
    expect([host, (await get("/k8s/api", { host })).status]).toEqual([host, 403]);
  }
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`]) {
    expect([host, (await get("/k8s/api", { host })).status]).toEqual([host, 200]);
  }
});

it("refuses a foreign Origin, another port's and an opaque one included, for requests and for WebSockets", async () => {
  const { get, port } = await start();
  const host = `localhost:${port}`;

  for (const origin of [
    "http://evil.example",
    `http://localhost:${Number(port) + 1}`,
    `https://localhost:${port}`,
    "null",
  ]) {
    expect([origin, (await get("/k8s/api", { host, origin })).status]).toEqual([origin, 403]);
    expect([origin, await upgradeStatus(port, origin)]).toEqual([origin, 403]);
  }
  expect((await get("/k8s/api", { host, origin: `http://${host}` })).status).toBe(200);
  expect(await upgradeStatus(port, `http://${host}`)).toBe(404);
});

it("refuses a request without a Host", () => {
  expect(foreign({})).toContain("localhost only");
});

it("says that the port is in use", async () => {
  const { port } = await start();

  await expect(listen(Number(port))).rejects.toThrow(PortInUse);
});

it("answers 500 and goes on when a part fails", async () => {
  const { web, get, port } = await start();
  web.mount("/broken", {
    handle: () => Promise.reject(new Error("practice: this part is broken")),
    close: () => Promise.resolve(),
  });

  const broken = await get("/broken/x", { host: `localhost:${port}` });

  expect(broken).toMatchObject({
    status: 500,
    body: expect.stringContaining("this part is broken") as string,
  });
  expect((await get("/k8s/api", { host: `localhost:${port}` })).status).toBe(200);
});

function upgradeStatus(port: string, origin: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://localhost:${port}/k8s/watch`, { headers: { origin } });
    socket.on("unexpected-response", (_req, res) => {
      res.resume();
      resolve(res.statusCode!);
    });
    socket.on("open", () => resolve(101));
    socket.on("error", reject);
  });
}
