import type { Actor, Person } from "../../src/domain/actor.ts";
import type { Incident } from "../../src/domain/incident.ts";
import { type Fact, GENESIS, sealEntry, type TimelineEntry } from "../../src/domain/timeline.ts";

export const robin: Person = { kind: "person", id: "U0ROBIN", name: "Robin" };
export const alex: Person = { kind: "person", id: "U0ALEX", name: "Alex" };
const alertmanager: Actor = { kind: "alert", source: "alertmanager" };
export const crai: Actor = { kind: "observer" };

export type Told = [at: string, actor: Actor, fact: Fact];

/** Entries of incident 12, sealed as the store seals them; `at` is a time of 2026-11-22. */
export function recordOf(told: readonly Told[]): TimelineEntry[] {
  let previous = GENESIS;
  return told.map(([time, actor, fact], index) => {
    const at = new Date(time.length > 8 ? time : `2026-11-22T${time}Z`);
    const content = { stream: "incident:12", seq: index + 1, at, actor, fact, previous } as const;
    const hash = sealEntry(content);
    previous = hash;
    return { ...content, hash };
  });
}

export const incident12: Incident = {
  number: 12,
  kind: "outage",
  severity: "sev1",
  status: "resolved",
  title: "HighErrorRate",
  app: "api",
  environment: "prod",
  channel: "C0INC12",
  channelName: "inc-0012-api-higherrorrate",
  pagerdutyIncident: "Q1",
  roles: { commander: "U0ALEX" },
  episode: 1,
  episodeAt: new Date("2026-11-22T14:00:00Z"),
  detectedAt: new Date("2026-11-22T14:00:00Z"),
  acknowledgedAt: new Date("2026-11-22T14:00:48Z"),
  mitigatedAt: new Date("2026-11-22T14:06:20Z"),
  resolvedAt: new Date("2026-11-22T14:21:05Z"),
  openedAt: new Date("2026-11-22T14:00:06Z"),
};

const undo = "Roll api-deployment back to revision 4 (v1.1.9)";
const diff = `--- revision 5
+++ revision 4
@@ -8,7 +8,7 @@
     containers:
     - name: api
-      image: sustainable-credit-risk-ai:v1.2.0-errors
+      image: sustainable-credit-risk-ai:v1.1.9
       env:
       - name: DB_POOL
-        value: hidden (changed, 5f2c11ab → 90ac77de)`;

/** The story of the sandbox: a bad release, a rollback that a second person approves, a cure. */
export const story: readonly Told[] = [
  [
    "14:00:06",
    alertmanager,
    {
      kind: "incident.opened",
      title: "HighErrorRate",
      incidentKind: "outage",
      severity: "sev2",
      app: "api",
      environment: "prod",
      cause: "alert:7",
    },
  ],
  [
    "14:00:06",
    alertmanager,
    {
      kind: "alert.fired",
      source: "alertmanager",
      fingerprint: "a1b2",
      title: "HighErrorRate",
      url: "https://prometheus.example.com/graph?g0.expr=rate(http_requests_total[5m])",
    },
  ],
  ["14:00:08", crai, { kind: "channel.opened", channel: "C0INC12", name: "inc-0012-api-higherrorrate" }],
  ["14:00:48", robin, { kind: "incident.acknowledged", reason: null }],
  [
    "14:01:10",
    alex,
    { kind: "severity.changed", from: "sev2", to: "sev1", reason: "every scoring request fails" },
  ],
  ["14:01:20", alex, { kind: "role.assigned", role: "commander", person: "U0ALEX", name: "Alex" }],
  [
    "14:02:03",
    robin,
    {
      kind: "plan.made",
      plan: 3,
      title: "Roll back api in prod",
      hash: "9f31c07d5b5a47f0a6a3f7b8f2a4c1de00aa11bb22cc33dd44ee55ff66778899",
      targets: ["practice/credit-risk-ai/deployment/api-deployment"],
      facts: [
        { label: "Revision", value: "5 → 4" },
        { label: "Image", value: "v1.2.0-errors → v1.1.9" },
        { label: "Health", value: "revision 4 was healthy, last seen so 2026-11-22 13:51 UTC" },
      ],
      diff,
      kubectl: [
        "kubectl -n credit-risk-ai rollout undo deployment/api-deployment --to-revision=4",
        "kubectl -n credit-risk-ai rollout status deployment/api-deployment",
      ],
    },
  ],
  [
    "14:02:03",
    robin,
    { kind: "approval.asked", plan: 3, risk: "reversible", until: "2026-11-22T14:12:03.000Z" },
  ],
  [
    "14:02:31",
    { kind: "person", id: "U0NOOR", name: "Noor" },
    {
      kind: "command.refused",
      command: "approve P3",
      what: "You may not approve or deny the plan of another person for api in prod.",
      why: "It needs the permission plan:approve, which these roles have: responder, lead.",
    },
  ],
  ["14:02:40", alex, { kind: "approval.given", plan: 3, how: "approved", reason: null }],
  ["14:02:41", robin, { kind: "run.started", run: 1, plan: 3, title: "Roll back api in prod" }],
  ["14:02:41", robin, { kind: "step.intended", run: 1, step: "undo", title: undo }],
  [
    "14:02:42",
    robin,
    {
      kind: "step.finished",
      run: 1,
      step: "undo",
      title: undo,
      outcome: "succeeded",
      detail: null,
      evidence: [{ what: "api-deployment has the template of revision 4", ok: true }],
    },
  ],
  [
    "14:03:20",
    robin,
    {
      kind: "step.finished",
      run: 1,
      step: "wait",
      title: "Wait until api-deployment is rolled out",
      outcome: "succeeded",
      detail: null,
      evidence: [
        { what: 'deployment "api-deployment" successfully rolled out', ok: true },
        { what: "3 of 3 pods ready", ok: true },
      ],
    },
  ],
  [
    "14:03:21",
    robin,
    {
      kind: "step.finished",
      run: 1,
      step: "health",
      title: "Ask 2 health URLs",
      outcome: "succeeded",
      detail: null,
      evidence: [{ what: "200 from http://api.credit-risk-ai.svc/health", ok: true }],
    },
  ],
  [
    "14:03:40",
    robin,
    {
      kind: "note.added",
      text: "The new release set DB_POOL to 1.\nConnections ran out within two minutes.",
      link: null,
    },
  ],
  [
    "14:05:52",
    robin,
    {
      kind: "step.finished",
      run: 1,
      step: "metrics",
      title: "Error rate and P95 of api",
      outcome: "succeeded",
      detail: null,
      evidence: [
        { what: "Error rate 0.2 %, under 1 %", ok: true, url: "https://prometheus.example.com" },
        { what: "Latency P95 84 ms, under 200 ms", ok: true },
      ],
    },
  ],
  ["14:05:52", robin, { kind: "run.finished", run: 1, outcome: "succeeded", verdict: "cured", detail: null }],
  [
    "14:06:02",
    alertmanager,
    { kind: "alert.resolved", source: "alertmanager", fingerprint: "a1b2", title: "HighErrorRate" },
  ],
  ["14:06:20", robin, { kind: "incident.mitigated", reason: "rolled back to v1.1.9" }],
  [
    "14:07:15",
    alex,
    {
      kind: "message.pinned",
      text: "FATAL: remaining connection slots are reserved",
      author: "Sasha",
      link: "https://credit-risk.example.slack.com/archives/C0INC12/p1700000000000100",
    },
  ],
  [
    "14:08:00",
    { kind: "person", id: "U0SASHA", name: "Sasha" },
    {
      kind: "entry.amended",
      seq: 21,
      text: "Edited to: FATAL: remaining connection slots are reserved for superusers",
    },
  ],
  ["14:21:05", alex, { kind: "incident.resolved", reason: null }],
];
