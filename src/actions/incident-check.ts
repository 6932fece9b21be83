import { z } from "zod";
import { UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Incident } from "../domain/incident.ts";
import { defineAction } from "../engine/playbooks/action.ts";

const Params = z.strictObject({});

function named({ channelName, severity, status }: Incident): string {
  return `#${channelName} (${severity}, ${status})`;
}

/** Nothing that would add to an outage, or be misled by one, begins while the app has one. */
export const incidentCheck = defineAction<z.infer<typeof Params>, null>({
  name: "incident-check",
  params: Params,
  permission: "workload:read",

  async plan(_, { app, environment, openOutage }) {
    const open = await openOutage(app.name, environment.name);
    if (open !== undefined)
      throw new UserError(`${app.name} has an incident that is not resolved: ${named(open)}.`, {
        why: "A load now would add to what users suffer, and figures taken now would say nothing.",
        next: "Resolve it first, or run what puts no load on the app.",
      });
    return {
      title: `no incident of ${app.name} is open`,
      calls: [],
      facts: [],
      diff: null,
      kubectl: [],
      warnings: [],
      fingerprint: digest([app.name, environment.name]),
      inverse: null,
      state: null,
    };
  },

  async observe(_, { app, environment, openOutage }) {
    const open = await openOutage(app.name, environment.name);
    if (open === undefined)
      return { state: "done", evidence: [{ what: `No incident of ${app.name} is open`, ok: true }] };
    const detail = `${app.name} has an incident that is not resolved: ${named(open)}`;
    return { state: "failed", detail, evidence: [{ what: detail, ok: false }] };
  },
});
