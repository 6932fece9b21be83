import { z } from "zod";
import { digest } from "../domain/hash.ts";
import type { Evidence } from "../domain/timeline.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import type { Json } from "../engine/ports.ts";
import { judge } from "./diagnose/judge.ts";
import { buttonsOf, reportView } from "./diagnose/report.ts";
import { type Offer, offers, type Symptom, symptoms } from "./diagnose/rule.ts";
import { Seen } from "./diagnose/seen.ts";

/** A step as later ones see it. */
const Step = z.object({
  outcome: z.string(),
  detail: z.string().nullable(),
  values: z.json(),
});

const Params = z.strictObject({
  symptom: z.enum(Object.keys(symptoms) as [Symptom, ...Symptom[]]).describe("what people complain of"),
  seen: z
    .partialRecord(z.enum(Object.keys(Seen) as [keyof typeof Seen, ...(keyof typeof Seen)[]]), z.json())
    .describe("the steps that looked, by what they looked at: `pods: ${{ steps.pods }}`"),
  offer: z
    .array(z.enum(offers))
    .default([...offers])
    .describe("what may be offered as a button; each is a command that shows its plan"),
});
type Params = z.infer<typeof Params>;

/** Changes that are told of beside those which explain something. */
const mostChanges = 5;

/** What people call what a probe looks at. */
const named: Readonly<Record<keyof typeof Seen, string>> = {
  pods: "pods",
  events: "warnings",
  logs: "logs",
  usage: "CPU and memory",
  nodes: "nodes",
  metrics: "metrics",
  throttling: "CPU throttling",
  endpoints: "latency by endpoint",
  database: "database",
  sessions: "connections of the database",
  model: "model",
  changes: "recent changes",
};

/** One probe that came back with nothing, and why. */
type Blind = { what: string; why: string };

function seenBy(steps: Params["seen"]): { seen: Seen; blind: Blind[] } {
  const seen: Record<string, unknown> = {};
  const blind: Blind[] = [];
  for (const [name, given] of Object.entries(steps)) {
    const what = name as keyof typeof Seen;
    const step = Step.parse(given);
    const values = step.values === null ? undefined : Seen[what].safeParse(step.values).data;
    if (values !== undefined) seen[what] = values;
    else blind.push({ what: named[what], why: step.detail ?? `it was ${step.outcome}` });
  }
  return { seen, blind };
}

/** Judges what the probes saw: what explains the symptom best, with its evidence and what may help. Changes nothing. */
export const findings = defineAction<Params, { symptom: Symptom; seen: Json; offer: Offer[] }>({
  name: "findings",
  params: Params,
  permission: "workload:read",

  async plan({ symptom, seen, offer }, { app }) {
    return {
      title: `what explains ${symptoms[symptom]} of ${app.name}`,
      calls: [],
      facts: [],
      diff: null,
      kubectl: [],
      warnings: [],
      fingerprint: digest([symptom, offer]),
      inverse: null,
      state: { symptom, seen, offer },
    };
  },

  async observe({ symptom, seen: steps, offer }, { app, environment, target, now }) {
    const { seen, blind } = seenBy(Params.shape.seen.parse(steps));
    const found = judge(symptom, { seen, app: app.name, workload: target.name, now: now() });
    const report = {
      symptom,
      app: app.name,
      environment: environment.name,
      findings: found.map(({ id, what, evidence, score }) => ({ id, what, evidence, score })),
      metrics: (seen.metrics?.metrics ?? [])
        .filter(({ ok }) => ok === false)
        .map(({ title, text }) => `${title} ${text}`),
      changes: (seen.changes?.changes ?? [])
        .filter(({ what }) => !found.some(({ evidence: rests }) => rests.includes(what)))
        .slice(0, mostChanges)
        .map(({ at, what }) => ({ at, what })),
      blind,
      buttons: buttonsOf(found, { app: app.name, environment: environment.name, offer }),
    };
    const evidence: Evidence[] = found.map(({ what, evidence: rests }) => ({
      what: rests.length === 0 ? what : `${what}: ${rests[0]}`,
      ok: false,
    }));
    const none: Evidence = { what: `Nothing was found that would explain ${symptoms[symptom]}`, ok: null };
    return { state: "done", evidence: evidence.length === 0 ? [none] : evidence, values: report };
  },

  report: reportView,
});
