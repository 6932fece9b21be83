import { pager, people, type Person } from "../seed.ts";

/** What a PagerDuty account holds besides its incidents; nothing here changes while the sandbox runs. */
export interface User {
  id: string;
  name: string;
  email: string;
  jobTitle: string;
}

export interface Service {
  id: string;
  name: string;
  /** Events API v2 integration key: 32 characters, as PagerDuty's are. */
  routingKey: string;
}

/** The robot user of crai: for what no person with a PagerDuty account does. */
const robot: User = {
  id: "PCRAI",
  name: "crai",
  email: "crai@credit-risk-ai.example.com",
  jobTitle: "Robot",
};

export const users: readonly User[] = [
  ...Object.values<Person>(people).flatMap((person) =>
    person.pagerduty === null
      ? []
      : [{ id: person.pagerduty, name: person.name, email: person.email, jobTitle: person.title }],
  ),
  robot,
];

export const services: readonly Service[] = [
  { ...pager.service, routingKey: "5a4dbe7ac0de4a11b0557ab1ec0de001" },
  { id: "PSVCFED", name: "federated", routingKey: "5a4dbe7ac0de4a11b0557ab1ec0de002" },
  { id: "PSVCMLF", name: "mlflow", routingKey: "5a4dbe7ac0de4a11b0557ab1ec0de004" },
  { id: "PSVCDATA", name: "data stores", routingKey: "5a4dbe7ac0de4a11b0557ab1ec0de003" },
];

export const escalationPolicy = pager.escalationPolicy;

function accounts(ids: readonly (string | null)[]): string[] {
  return ids.filter((id) => id !== null);
}

/** Who is called at which level: level 1 is the schedule, level 2 a person. */
export const schedules = [
  { id: pager.schedule.id, name: pager.schedule.name, onCall: accounts(pager.schedule.onCall) },
  { id: pager.managers.id, name: pager.managers.name, onCall: accounts(pager.managers.onCall) },
  { id: "PSCHDATA", name: "data on-call", onCall: accounts([people.alex.pagerduty]) },
] as const;

export const escalation: readonly { level: number; schedule: string | null; users: string[] }[] = [
  { level: 1, schedule: pager.schedule.id, users: accounts(pager.schedule.onCall) },
  { level: 2, schedule: null, users: accounts([people.alex.pagerduty]) },
];

export const priorities = ["P1", "P2", "P3", "P4", "P5"].map((name, index) => ({
  id: `PPRIOR${index + 1}`,
  name,
  description: ["Critical", "High", "Medium", "Low", "Informational"][index]!,
}));

export const team = { id: "PTEAMSRE", name: "SRE" };

export function userById(id: string): User | undefined {
  return users.find((user) => user.id === id);
}

/** Tokens and whose they are: an account's key acts for nobody, so each change must name a person in `From`. */
export const tokens: ReadonlyMap<string, User | "account"> = new Map<string, User | "account">([
  [pager.apiToken, "account"],
  ...users.map((user): [string, User] => [`sandbox-pagerduty-user-${user.id.toLowerCase()}`, user]),
]);
