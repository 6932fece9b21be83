import { z } from "zod";
import { Duration } from "../domain/deadline.ts";
import { digest } from "../domain/hash.ts";
import type { Evidence } from "../domain/timeline.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import type { HttpProbe } from "../engine/ports.ts";
import { isTakenAway } from "./manifest/step-state.ts";

const Params = z.strictObject({
  tries: z
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe("good answers in a row that each URL has to give: an app that comes and goes is not well"),
  within: Duration.default(30_000).describe("how long it may take until they do"),
});

/** `gone`: a step before takes the app away, so that nobody answers. */
type CheckState = { urls: string[]; gone: boolean; tries: number; withinMs: number };

const timeoutMs = 5000;

/** The first bad answer, or the last of so many good ones. */
async function probe(http: HttpProbe, url: string, tries: number): Promise<Evidence & { ok: boolean }> {
  let good = 0;
  for (;;) {
    const { ok, status, detail } = await http.get(url, timeoutMs);
    const seen = status === null ? detail : String(status);
    if (!ok) return { what: `GET ${url}: ${seen}`, ok, url };
    if (++good >= tries) return { what: `GET ${url}: ${seen}, ${tries} times in a row`, ok, url };
  }
}

/** Asks the app's health URLs. Only 2xx counts; a redirect to a login page is no health. */
export const httpCheck = defineAction<z.infer<typeof Params>, CheckState>({
  name: "http-check",
  params: Params,
  permission: "workload:read",

  async plan({ tries, within }, { environment, target, before }) {
    return {
      title: "health check",
      calls: [],
      facts: [],
      diff: null,
      kubectl: environment.health.map((url) => `curl -f ${url}`),
      warnings: [],
      fingerprint: digest(environment.health),
      inverse: null,
      state: { urls: environment.health, gone: isTakenAway(target, { before }), tries, withinMs: within },
    };
  },

  async observe({ urls, gone, tries, withinMs }, { http, app, environment, now }, since) {
    if (gone) return { state: "done", evidence: [{ what: `${app.name} is taken away`, ok: true }] };
    if (urls.length === 0)
      return {
        state: "unknown",
        detail: `${app.name} has no health URL (apps.${app.name}.environments.${environment.name}.health in crai.yaml)`,
      };
    const evidence = await Promise.all(urls.map((url) => probe(http, url, tries)));
    const bad = evidence.find(({ ok }) => !ok);
    if (bad === undefined) return { state: "done", evidence };
    if (now().getTime() - since.getTime() < withinMs) return { state: "pending", detail: bad.what };
    return { state: "failed", detail: bad.what, evidence };
  },
});
