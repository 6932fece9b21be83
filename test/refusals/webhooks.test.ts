import { request } from "node:http";
import { beforeAll, describe, expect, test } from "vitest";
import { ask, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import {
  alertmanagerBody,
  type Answered,
  credentials,
  grafanaBody,
  pagerdutyBody,
  post,
} from "../support/webhooks.ts";

const sources = ["alertmanager", "grafana", "pagerduty"] as const;
type Source = (typeof sources)[number];

const minutes = 60_000;
const hours = 60 * minutes;

let world: World;
beforeAll(async () => {
  world = await startWorld();
  return () => world.close();
});

/** A body as the source sends it, about something that started at `at`; nothing anybody is on call for. */
function body(source: Source, at = new Date(), name = "Refused"): object {
  const alert = { labels: { alertname: name, severity: "info" }, startsAt: at };
  if (source === "alertmanager") return alertmanagerBody([alert]);
  if (source === "grafana") return grafanaBody([alert]);
  return pagerdutyBody({ at, type: "incident.resolved", incident: { id: `P${name.toUpperCase()}` } });
}

function send(source: Source, given: object | string, headers?: Record<string, string>): Promise<Answered> {
  return post(world.sandbox.crai.url, source, given, headers);
}

async function stored(source: Source): Promise<number> {
  const rows = await world.db.selectFrom("inbox").select("id").where("source", "=", source).execute();
  return rows.length;
}

/** Posts without saying how long it will be, as a stream does; undefined: the connection was cut. */
function stream(source: Source, size: number): Promise<number | undefined> {
  const raw = Buffer.alloc(size, "x");
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const req = request(
    `${world.sandbox.crai.url}/webhooks/${source}`,
    { method: "POST", headers: { ...credentials(source, raw), "transfer-encoding": "chunked" } },
    (res) => {
      res.resume();
      resolve(res.statusCode);
    },
  );
  req.on("error", () => resolve(undefined));
  for (let start = 0; start < size; start += 100_000) req.write(raw.subarray(start, start + 100_000));
  req.end();
  return promise;
}

describe.each(sources)("a webhook of %s", (source) => {
  test("is stored and answered 202", async () => {
    expect(await send(source, body(source))).toEqual({ status: 202, text: "Stored." });
  });

  test.each([
    ["without credentials", {}, /it carries no bearer token|it is not signed/],
    ["with wrong ones", { authorization: "Bearer guess", "x-pagerduty-signature": "v1=00" }, /is wrong/],
    [
      "with empty ones",
      { authorization: "Bearer ", "x-pagerduty-signature": "" },
      /no bearer token|is wrong/,
    ],
  ])("%s is refused, and nothing of it is kept", async (_, headers, why) => {
    const before = await stored(source);
    expect(await send(source, body(source), headers)).toEqual({
      status: 401,
      text: expect.stringMatching(why),
    });
    expect(await stored(source)).toBe(before);
  });

  test.each([
    ["no JSON", "{"],
    ["another kind of JSON", "[1,2]"],
    ["null", "null"],
    ["nothing", ""],
  ])("that holds %s is refused once and for all", async (_, raw) => {
    const { status, text } = await send(source, raw);
    expect(status).toBe(400);
    expect(text).toMatch(/^Refused: .+\.$/);
  });

  test("that names what is wrong with it does so in a line, however much that is", async () => {
    const many = source === "pagerduty" ? {} : { alerts: Array.from({ length: 5000 }, () => ({})) };
    const { status, text } = await send(source, { ...body(source), event: { id: "" }, ...many });
    expect(status).toBe(400);
    expect(text.split("\n")).toHaveLength(1);
    expect(text.length).toBeLessThan(400);
  });

  test("that is larger than 1 MB is refused with an answer, also when it does not say how large it is", async () => {
    const large = { ...body(source), padding: "x".repeat(1_000_001) };
    expect(await send(source, large)).toEqual({ status: 413, text: "Refused: it is larger than 1 MB." });
    expect(await stream(source, 1_000_001)).toBe(413);
    expect(await stream(source, 5_000_000)).toBe(413);
  });

  test("of the future is refused; a clock that is a little ahead is not", async () => {
    const ahead = await send(source, body(source, new Date(Date.now() + 2 * hours)));
    expect(ahead).toEqual({ status: 400, text: expect.stringMatching(/in the future.*clocks/) });
    expect((await send(source, body(source, new Date(Date.now() + 4 * minutes)))).status).toBe(202);
  });

  test("with characters that no database stores is taken all the same", async () => {
    const before = await stored(source);
    const nasty = "\u0000 \ud83d lone \\u0000";
    const given = JSON.stringify(body(source, new Date(), "Nasty")).replaceAll(
      /Refused|Nasty|api is down/g,
      JSON.stringify(nasty).slice(1, -1),
    );
    expect((await send(source, given)).status).toBe(202);
    expect(await stored(source)).toBe(before + 1);
  });

  test("is answered 503 while nothing can be stored, and taken when it comes again", async () => {
    const given = body(source, new Date(), "Away");
    await world.db.schema.alterTable("inbox").renameTo("inbox_away").execute();
    try {
      expect(await send(source, given)).toEqual({ status: 503, text: "Not stored; send it again." });
    } finally {
      await world.db.schema.alterTable("inbox_away").renameTo("inbox").execute();
    }
    const before = await stored(source);
    expect((await send(source, given)).status).toBe(202);
    expect(await stored(source)).toBe(before + 1);
  });

  test("is answered neither 429 nor with a redirect, whatever comes", async () => {
    const all = await Promise.all(Array.from({ length: 200 }, () => send(source, body(source))));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([202]));
  });
});

describe("PagerDuty", () => {
  test("may repeat an event for 48 hours, and an older one is somebody's copy", async () => {
    const event = (ago: number) => send("pagerduty", body("pagerduty", new Date(Date.now() - ago)));
    expect((await event(47 * hours)).status).toBe(202);
    expect(await event(49 * hours)).toEqual({ status: 400, text: expect.stringMatching(/2d 1h old/) });
  });

  test("may send an event twice, and it is one", async () => {
    const before = await stored("pagerduty");
    const event = body("pagerduty");
    expect((await send("pagerduty", event)).status).toBe(202);
    expect((await send("pagerduty", event)).status).toBe(202);
    expect(await stored("pagerduty")).toBe(before + 1);
  });

  test("may sign with two secrets while one takes the other's place", async () => {
    const raw = JSON.stringify(body("pagerduty"));
    const { "x-pagerduty-signature": ours = "" } = credentials("pagerduty", raw);
    const headers = { "x-pagerduty-signature": `v1=${"0".repeat(64)},${ours}` };
    expect((await send("pagerduty", raw, headers)).status).toBe(202);
  });

  test("may not have signed other bytes", async () => {
    const raw = JSON.stringify(body("pagerduty"));
    const headers = credentials("pagerduty", raw);
    expect((await send("pagerduty", `${raw} `, headers)).status).toBe(401);
  });

  test.each([
    [
      "a test",
      { event_type: "pagey.ping", resource_type: "pagey", data: { message: "Hello", type: "ping" } },
    ],
    [
      "a note",
      { event_type: "incident.annotated", data: { id: "PNOTE", content: "hi", incident: { id: "P1" } } },
    ],
    ["a change of a service", { event_type: "service.updated", data: { id: "PSVC", type: "service" } }],
    ["something new", { event_type: "incident.never.heard.of", data: null }],
  ])("may send %s: a refusal would be counted against crai", async (_, more) => {
    const { event } = pagerdutyBody({}) as { event: object };
    expect((await send("pagerduty", { event: { ...event, ...more } })).status).toBe(202);
  });

  test("may not send an incident without an id or a title", async () => {
    const { status, text } = await send("pagerduty", pagerdutyBody({ incident: { title: undefined } }));
    expect(status).toBe(400);
    expect(text).toContain("title");
  });
});

test("everything that was taken was carried out", async () => {
  const open = (): Promise<unknown[]> =>
    world.db
      .selectFrom("inbox")
      .select(["source", "key", "error"])
      .where((eb) => eb.or([eb("done_at", "is", null), eb("error", "is not", null)]))
      .execute();
  await expect.poll(open, { timeout: withinMs }).toEqual([]);
});

test("other methods and other paths are no webhooks", async () => {
  const { url } = world.sandbox.crai;
  expect((await fetch(`${url}/webhooks/pagerduty`)).status).toBe(405);
  expect((await fetch(`${url}/webhooks/nobody`, { method: "POST", body: "{}" })).status).toBe(404);
  expect((await fetch(`${url}/webhooks/`, { method: "POST", body: "{}" })).status).toBe(404);
});

test("whoever looks after crai hears what was last refused and why, as plain text", async () => {
  await send("alertmanager", body("alertmanager"), { authorization: "Bearer stolen" });
  await expect
    .poll(() => ask(world.robin, teamChannel, "/crai doctor"), { timeout: withinMs, interval: 1000 })
    .toMatch(/alertmanager: last heard .*, last refused .*/);
});
