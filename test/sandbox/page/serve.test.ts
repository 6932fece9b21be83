import { afterAll, beforeAll, expect, test } from "vitest";
import { listen } from "../../../sandbox/one-port.ts";
import { createPage } from "../../../sandbox/page/build.ts";

let web: Awaited<ReturnType<typeof listen>>;

beforeAll(async () => {
  web = await listen(0);
  web.mount("/", await createPage());
});
afterAll(() => web.close());

const get = (path: string, init?: RequestInit) => fetch(web.origin + path, init);

test.each(["/", "/archives/C0API", "/archives/C0API/p1700000000000100?thread_ts=1", "/app-home?as=U0ALEX"])(
  "answers %s with the page, which may load and run nothing from elsewhere",
  async (path) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(await response.text()).toContain('<div id="root">');
  },
);

test("serves its scripts and styles under names that never change their content", async () => {
  const html = await (await get("/")).text();
  const assets = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1]!);
  expect(assets.map((path) => path.replace(/.*\./, "")).sort()).toEqual(["css", "js", "svg"]);
  for (const path of assets) {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("content-type")).toMatch(/^(?:text\/(?:javascript|css)|image\/svg\+xml)/);
  }
});

test("refuses what is not in the page, and writing", async () => {
  expect((await get("/nothing")).status).toBe(404);
  expect((await get("/assets/nothing.js")).status).toBe(404);
  expect((await get("/../package.json")).status).toBe(404);
  expect((await get("/", { method: "POST" })).status).toBe(405);
});

test("inlines no script, style or foreign address into its HTML", async () => {
  const html = await (await get("/")).text();
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|style=|https?:\/\//);
});
