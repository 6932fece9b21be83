import type { Incident } from "../../../domain/incident.ts";
import type { TimelineEntry } from "../../../domain/timeline.ts";
import { plain } from "../markdown.ts";
import { type ActionRecord, entriesOf } from "./actions.ts";

interface Seen {
  incident: Incident;
  entries: readonly TimelineEntry[];
  actions: readonly ActionRecord[];
}

type Rule = (seen: Seen) => string[];

function runName({ run, made }: ActionRecord): string {
  return `R${run} (${plain(made.fact.title)})`;
}

const glassBroken: Rule = ({ actions }) =>
  actions
    .flatMap(({ made, yeses }) => yeses.map(({ fact }) => ({ made, fact })))
    .filter(({ fact }) => fact.how === "break-glass")
    .map(({ made, fact: { reason } }) => {
      return `Review why the glass was broken for P${made.fact.plan}${reason === null ? "" : ` ("${plain(reason)}")`}, and why nobody answered in time.`;
    });

const endings: Rule = ({ actions }) =>
  actions.flatMap((action): string[] => {
    const end = action.ended?.fact;
    if (!end) return [];
    switch (end.verdict) {
      case "cured":
        return action.made.fact.kubectl.some((line) => line.includes("rollout undo"))
          ? [`Correct the release that ${runName(action)} went back from before it is shipped again.`]
          : [];
      case "not-cured":
        return [`Find the cause: ${runName(action)} was carried out and did not cure it.`];
      case "effect-unknown":
        return [`Verify by hand what ${runName(action)} did: its effect could not be seen.`];
      case "stuck":
        return [`Look at the workload of ${runName(action)}: its rollout got stuck.`];
      case null:
        return end.outcome === "unknown"
          ? [`Look at the workload of ${runName(action)}: it is not known how far it got.`]
          : [];
    }
  });

const locks: Rule = ({ entries }) =>
  entriesOf(entries, "lock.taken-over").map(
    ({ fact }) => `Find out why the lock of R${fact.run} had to be taken over.`,
  );

const refusals: Rule = ({ entries }) => {
  const count = entriesOf(entries, "command.refused").length;
  return count === 0
    ? []
    : [
        `Go through the ${count === 1 ? "refusal" : `${count} refusals`} above: did anybody lack a right or a fact they needed?`,
      ];
};

const stillFiring: Rule = ({ incident, entries }) => {
  if (incident.resolvedAt === null) return [];
  const over = new Set(entriesOf(entries, "alert.resolved").map(({ fact }) => fact.fingerprint));
  const titles = entriesOf(entries, "alert.fired")
    .filter(({ fact }) => !over.has(fact.fingerprint))
    .map(({ fact }) => plain(fact.title));
  return [...new Set(titles)].map(
    (title) => `Check the alert ${title}: the record does not show that it ended.`,
  );
};

const people: Rule = ({ incident }) => [
  ...(incident.acknowledgedAt === null ? ["Check paging: nobody acknowledged this incident."] : []),
  ...(["sev1", "sev2"].includes(incident.severity) && incident.roles.commander === undefined
    ? [`Nobody was commander of this ${incident.severity}: is it clear who takes the role?`]
    : []),
];

const rules: readonly Rule[] = [glassBroken, endings, locks, stillFiring, refusals, people];

/** What the record itself asks somebody to look at, as Markdown; each named once. */
export function suggestedFollowUps(seen: Seen): string[] {
  return [...new Set(rules.flatMap((rule) => rule(seen)))];
}
