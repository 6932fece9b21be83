import { z } from "zod";
import { actorName } from "../domain/actor.ts";
import { IncidentRole } from "../domain/incident.ts";
import type { Fact, TimelineEntry } from "../domain/timeline.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import type { IncidentRecord } from "../engine/incidents/incident-record.ts";
import { nothingPlanned } from "./people/nothing-planned.ts";

const Params = z.strictObject({
  of: z
    .enum(["acknowledged", "team", "notified", "evidence", "carried-out", "exported"])
    .describe(
      "what its record shows: acknowledged; its channel open and a commander named; somebody notified; evidence preserved; a playbook carried out and not undone; the post-mortem exported",
    ),
  who: z.string().nullable().default(null).describe("of `notified`: who"),
  playbook: z.string().nullable().default(null).describe("of `carried-out`: the playbook"),
});
type Params = z.infer<typeof Params>;

function clock(at: Date): string {
  return `${at.toISOString().slice(11, 16)} UTC`;
}

function newest(entries: readonly TimelineEntry[], kind: Fact["kind"]): TimelineEntry | undefined {
  return entries.findLast(({ fact }) => fact.kind === kind);
}

/** The newest run of a playbook that succeeded and was not undone. */
function carriedOut({ runs }: IncidentRecord, playbook: string | null, who: string | null = null) {
  const undone = new Set(runs.flatMap(({ undoes, outcome }) => (outcome === "succeeded" ? [undoes] : [])));
  return runs.find(
    (run) =>
      run.playbook === playbook &&
      run.outcome === "succeeded" &&
      !undone.has(run.number) &&
      (who === null || run.inputs["who"] === who),
  );
}

type Found = { what: string } | { waits: string };

const looks: Record<Params["of"], (record: IncidentRecord, params: Params) => Found> = {
  acknowledged({ incident, entries }) {
    const entry = newest(entries, "incident.acknowledged");
    if (incident.acknowledgedAt === null) return { waits: "nobody has acknowledged it" };
    const who = entry === undefined ? "somebody" : actorName(entry.actor);
    return { what: `acknowledged by ${who} at ${clock(incident.acknowledgedAt)}` };
  },
  team({ incident, entries }) {
    if (incident.channel === null) return { waits: "its channel is not open yet" };
    const named = entries.findLast(
      ({ fact }) => fact.kind === "role.assigned" && fact.role === IncidentRole.enum.commander,
    );
    if (named?.fact.kind !== "role.assigned") return { waits: "nobody is commander" };
    return { what: `#${incident.channelName} is open, ${named.fact.name} is commander` };
  },
  notified(record, { who }) {
    const run = carriedOut(record, "notify", who);
    if (run === undefined) return { waits: `${who} not notified yet` };
    return { what: `${who} notified, R${run.number}${run.at === null ? "" : ` at ${clock(run.at)}`}` };
  },
  evidence({ incident: { app, environment }, entries }) {
    const entry = entries.findLast(
      ({ fact }) =>
        fact.kind === "evidence.collected" &&
        (app === null || fact.app === app) &&
        (environment === null || fact.environment === environment),
    );
    if (entry?.fact.kind !== "evidence.collected")
      return { waits: `no evidence${app === null ? "" : ` of ${app}`} has been preserved` };
    const { files, sha256 } = entry.fact;
    return { what: `${files} files preserved at ${clock(entry.at)}, SHA-256 ${sha256.slice(0, 12)}…` };
  },
  "carried-out"(record, { playbook }) {
    const run = carriedOut(record, playbook);
    return run === undefined
      ? { waits: `${playbook} was not carried out` }
      : { what: `${playbook} carried out, R${run.number}` };
  },
  exported({ entries }) {
    const entry = newest(entries, "export.made");
    return entry === undefined
      ? { waits: "no post-mortem was exported" }
      : { what: `post-mortem exported by ${actorName(entry.actor)} at ${clock(entry.at)}` };
  },
};

/** What is written down of the incident that the run belongs to. */
export const incidentFact = defineAction<Params, Params, "none">({
  name: "incident-fact",
  scope: "none",
  params: Params,
  permission: "incident:read",

  async plan(params) {
    return nothingPlanned(`the incident is ${params.of}`, params);
  },

  lookEvery: () => 5000,

  async observe(params, { incidentRecord }) {
    const record = await incidentRecord();
    if (record === null) return { state: "unknown", detail: "It belongs to no incident" };
    const found = looks[params.of](record, params);
    if ("waits" in found) return { state: "pending", detail: found.waits };
    return { state: "done", evidence: [{ what: found.what, ok: true }] };
  },
});
