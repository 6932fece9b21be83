/**
 * Who and what the sandbox starts with. Every part (Slack workspace, practice cluster, pager, metrics) and the
 * generated crai.yaml read these names, so that a person is the same person everywhere.
 */
export const team = { id: "T0CREDIT", name: "Credit Risk", domain: "credit-risk" };

export interface Person {
  slack: string;
  name: string;
  title: string;
  email: string;
  /** Kubernetes user and groups that crai impersonates for this person. */
  kubernetes: { user: string; groups: string[] };
  /** PagerDuty user id; null: this person has no PagerDuty account. */
  pagerduty: string | null;
  token: string;
}

function person(
  slack: string,
  name: string,
  title: string,
  rest: Pick<Person, "pagerduty"> & { groups: string[] },
): Person {
  const email = `${name.toLowerCase()}@credit-risk-ai.example.com`;
  return {
    slack,
    name,
    title,
    email,
    kubernetes: { user: email, groups: rest.groups },
    pagerduty: rest.pagerduty,
    token: `practice-token-${name.toLowerCase()}`,
  };
}

/** Robin is on call for api; Alex approves; Sasha is an SRE without a PagerDuty account; Noor has no rights. */
export const people = {
  robin: person("U0ROBIN", "Robin", "Responder, on call for api", { pagerduty: "PROBIN", groups: ["sre"] }),
  alex: person("U0ALEX", "Alex", "Approver, SRE lead", { pagerduty: "PALEX", groups: ["sre", "sre-leads"] }),
  sasha: person("U0SASHA", "Sasha", "SRE, no PagerDuty account", { pagerduty: null, groups: ["sre"] }),
  noor: person("U0NOOR", "Noor", "Support, no rights", { pagerduty: null, groups: ["support"] }),
} as const satisfies Record<string, Person>;

export const slack = {
  bot: {
    user: "U0CRAI",
    id: "B0CRAI",
    name: "crai",
    token: "xoxb-sandbox-crai",
    appToken: "xapp-sandbox-crai",
    appId: "A0CRAI",
  },
  signingSecret: "sandbox-slack-signing-secret",
  command: "/crai",
  channels: [
    { id: "C0GENERAL", name: "general" },
    { id: "C0INCIDENTS", name: "incidents" },
    { id: "C0API", name: "team-api" },
  ],
  userGroups: [
    {
      id: "S0SRE",
      handle: "sre",
      name: "SRE",
      users: [people.robin.slack, people.alex.slack, people.sasha.slack],
    },
    { id: "S0LEADS", handle: "sre-leads", name: "SRE leads", users: [people.alex.slack] },
  ],
} as const;

export const cluster = {
  name: "practice",
  namespace: "credit-risk-ai",
  /** Bearer token of crai's own service account: may impersonate the people and sources below, and little else. */
  bot: {
    token: "practice-token-crai",
    user: "system:serviceaccount:crai:crai",
    groups: ["system:serviceaccounts", "system:serviceaccounts:crai"],
  },
  /** Read-only identities for actors that are not people; they see no Secrets. */
  machines: {
    alert: { user: "crai:alert", groups: ["crai:observers"] },
    schedule: { user: "crai:schedule", groups: ["crai:observers"] },
    observer: { user: "crai:observer", groups: ["crai:observers"] },
  },
  image: "sustainable-credit-risk-ai",
  goodTag: "v1.1.9",
  previousGoodTag: "v1.1.8",
  /** Path of the network share with the backups of the database. */
  backupShare: "/postgres-backups",
} as const;

/** The model that the API serves, as its registry knows it. */
export const model = { name: "credit-risk-ensemble", alias: "champion" } as const;

export const pager = {
  apiToken: "sandbox-pagerduty-token",
  webhookSecret: "sandbox-pagerduty-webhook-secret",
  service: { id: "PSVCAPI", name: "api" },
  schedule: { id: "PSCHAPI", name: "api on-call", onCall: [people.robin.pagerduty] },
  managers: { id: "PSCHMGR", name: "escalation managers", onCall: [people.alex.pagerduty] },
  escalationPolicy: { id: "PESCAPI", name: "api escalation" },
} as const;

export const alertmanagerToken = "sandbox-alertmanager-token";
export const grafanaToken = "sandbox-grafana-token";
