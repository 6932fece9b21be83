import { type Actor, actorName } from "../../domain/actor.ts";
import type { Fact, FactOf, TimelineEntry } from "../../domain/timeline.ts";
import { endName } from "../runs/run-view.ts";

/** One entry as a sentence: who or what, and what happened. `quoted` and `link` are what it refers to. */
export interface EntryText {
  subject: Actor | string;
  what: string;
  /** What a person wrote, possibly several lines. */
  quoted: string | null;
  link: string | null;
}

type Parts = Partial<EntryText> & { what: string };

/** `: reason`, or nothing. */
function because(reason: string | null): string {
  return reason === null || reason === "" ? "" : `: ${reason}`;
}

/** ` while HighErrorRate fired`, or nothing. */
function whileFiring(firing: readonly string[] = []): string {
  return firing.length === 0 ? "" : ` while ${firing.join(", ")} fired`;
}

/** How the trouble of an incident began anew. */
const anew: Record<FactOf<"episode.began">["why"], string> = {
  over: "fires again after it was over",
  mitigated: "fires again after the incident was mitigated",
  another: "fires too",
};

const given: Record<FactOf<"approval.given">["how"], string> = {
  confirmed: "confirmed",
  approved: "approved",
  "break-glass": "broke the glass for",
};

/** How a run or a step ended, in the words its message has. */
export function endText({ outcome, verdict, detail }: Omit<FactOf<"run.finished">, "kind" | "run">): string {
  return `${endName(outcome, verdict).toLowerCase()}${because(detail)}`;
}

/** The words for each kind of fact. Texts in them are as they came: whoever shows them escapes them. */
const words: { [Kind in Fact["kind"]]: (fact: FactOf<Kind>) => Parts } = {
  "incident.opened": ({ severity, incidentKind, title, app, environment }) => {
    const about = app === null ? "" : ` of ${app}${environment === null ? "" : ` in ${environment}`}`;
    return { what: `opened a ${severity} ${incidentKind}${about}: ${title}` };
  },
  "incident.acknowledged": ({ reason }) => ({ what: `acknowledged the incident${because(reason)}` }),
  "incident.mitigated": ({ reason, firing }) => ({
    what: `declared it mitigated${whileFiring(firing)}${because(reason)}`,
  }),
  "incident.resolved": ({ reason, firing }) => ({
    what: `resolved the incident${whileFiring(firing)}${because(reason)}`,
  }),
  "incident.reopened": ({ reason }) => ({ what: `reopened the incident${because(reason)}` }),
  "severity.changed": ({ from, to, reason }) => ({
    what: `changed the severity from ${from} to ${to}${because(reason)}`,
  }),
  "role.assigned": ({ role, name }) => ({ what: `gave the role ${role} to ${name}` }),
  "alert.fired": ({ title, url }) => ({ what: `fired: ${title}`, link: url }),
  "alert.taken": ({ title, from }) => ({
    what: `took the warning ${title}${from === null ? "" : ` over from ${from}`}`,
  }),
  "alert.unassigned": ({ titles, owner }) => ({
    subject: titles.join(", "),
    what: `taken by nobody in time; ${owner} is told`,
  }),
  "alert.resolved": ({ title }) => ({ what: `resolved: ${title}` }),
  "alert.silent": ({ title, since }) => ({
    subject: title,
    what: `is not heard since ${since.slice(0, 16).replace("T", " ")} UTC; nothing says that it is over`,
  }),
  "episode.began": ({ title, why }) => ({ subject: title, what: anew[why] }),
  "alerts.still-firing": ({ status, titles }) => ({
    subject: titles.join(", "),
    what: `${titles.length === 1 ? "fires" : "fire"} on though the incident is ${status}`,
  }),
  "pager.changed": ({ what, by }) => ({
    subject: by,
    what: what === "noted" ? "added a note in PagerDuty" : `${what} it in PagerDuty`,
  }),
  "escalation.called": ({ to, people, page, reason }) => {
    const names = people.map(({ name }) => name).join(", ");
    const how = page ? " and asked PagerDuty to page them" : "";
    return {
      what: `called ${to}${names === "" || names === to ? "" : ` (${names})`}${how}${because(reason)}`,
    };
  },
  "escalation.paged": ({ to, why }) => ({
    subject: "PagerDuty",
    what: why === null ? `took the page for ${to}` : `did not take the page for ${to}: ${why}`,
  }),
  "escalation.answered": ({ to, by, how }) => ({
    subject: by,
    what: `answered the call to ${to}${how === "PagerDuty" ? " in PagerDuty" : ""}`,
  }),
  "escalation.unanswered": ({ to, next }) => ({
    subject: to,
    what: `did not answer${next === null ? "" : `; next is ${next}`}`,
  }),
  "channel.opened": ({ name }) => ({ what: `opened the channel #${name}` }),
  "channel.closed": ({ name, why }) => ({ what: `could not write in #${name}: ${why}` }),
  "note.added": ({ text, link }) => ({ what: "noted", quoted: text, link }),
  "message.pinned": ({ text, author, link }) => ({
    what: `pinned a message of ${author}`,
    quoted: text,
    link,
  }),
  "entry.amended": ({ seq, text }) => ({ what: `amended entry ${seq}`, quoted: text }),
  "plan.made": ({ plan, title }) => ({ what: `planned P${plan}: ${title}` }),
  "plan.voided": ({ plan, why }) => ({ subject: `P${plan}`, what: `no longer holds: ${why}` }),
  "approval.asked": ({ plan, risk, until }) => ({
    what: `asked a second person to approve P${plan} (risk: ${risk}) until ${until.slice(11, 16)} UTC`,
  }),
  "approval.given": ({ plan, how, reason }) => ({ what: `${given[how]} P${plan}${because(reason)}` }),
  "approval.denied": ({ plan, reason }) => ({ what: `said no to P${plan}${because(reason)}` }),
  "run.started": ({ run, plan, title }) => ({ what: `started R${run} (P${plan}): ${title}` }),
  "step.intended": ({ run, title }) => ({ subject: `R${run}`, what: `began: ${title}` }),
  "step.finished": ({ run, title, outcome, detail }) => ({
    subject: `R${run}`,
    what: `${endName(outcome, null).toLowerCase()}: ${title}${detail === null ? "" : ` (${detail})`}`,
  }),
  "step.answered": ({ run, title, answer, note }) => ({
    what: `answered ${answer} in R${run}: ${title}${because(note)}`,
  }),
  "step.overdue": ({ run, title, items }) => ({
    subject: `R${run}`,
    what: `waited too long for ${title}: ${items.join("; ")}`,
  }),
  "run.stop-asked": ({ run, reason }) => ({ what: `asked R${run} to stop${because(reason)}` }),
  "run.finished": ({ run, ...end }) => ({ subject: `R${run}`, what: `ended, ${endText(end)}` }),
  "suspects.named": ({ run, suspects }) => ({
    what: `looked what else changed, as R${run} cured nothing: ${suspects.join("; ") || "nothing that can be seen"}`,
  }),
  "lock.taken-over": ({ target, run, from }) => ({
    what: `took the lock of ${target} over from ${from} (R${run})`,
  }),
  "command.refused": ({ command, what, why }) => ({
    what: `was refused "${command}": ${what}${why === null ? "" : ` ${why}`}`,
  }),
  "evidence.collected": ({ run, app, files, sha256, missing }) => ({
    what: `preserved ${files} files of evidence of ${app} in R${run} (manifest SHA-256 ${sha256})${missing.length === 0 ? "" : `; not had: ${missing.join("; ")}`}`,
  }),
  "evidence.exported": ({ files, sha256 }) => ({
    what: `exported ${files} files of evidence as an archive (SHA-256 ${sha256})`,
  }),
  "review.due": ({ playbook, owner, nextReview }) => ({
    subject: playbook,
    what: `was due for review on ${nextReview}; ${owner} is told`,
  }),
  "export.made": ({ format, sha256 }) => ({
    what: `exported the post-mortem as ${format} (SHA-256 ${sha256.slice(0, 12)})`,
  }),
};

/** Who did it: what people do in PagerDuty is heard from there, and the reason says who. */
export function doer({ actor, fact }: Pick<TimelineEntry, "actor" | "fact">): Actor | string {
  return (actor.kind === "alert" && "reason" in fact ? fact.reason : null) ?? actor;
}

export function entryText({ actor, fact }: Pick<TimelineEntry, "actor" | "fact">): EntryText {
  const subject = doer({ actor, fact });
  const told = typeof subject === "string" ? { ...fact, reason: null } : fact;
  const parts = (words[fact.kind] as (fact: Fact) => Parts)(told);
  return { subject, quoted: null, link: null, ...parts };
}

export function subjectName(subject: EntryText["subject"]): string {
  return typeof subject === "string" ? subject : actorName(subject);
}
