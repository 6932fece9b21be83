import { addMilliseconds } from "date-fns/addMilliseconds";
import { formatDuration } from "../../domain/deadline.ts";
import { type Incident, IncidentRole } from "../../domain/incident.ts";
import type { Inline, View } from "../../domain/view.ts";
import type { Queries } from "../../store/database.ts";
import { setOnce } from "../../store/deadlines.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { stepOf } from "../../store/runs.ts";
import { answersOf } from "../../store/step-answers.ts";
import type { Row } from "../../store/tables.ts";
import { isSlackUser } from "../people.ts";
import type { Action, Due } from "../playbooks/action.ts";
import { placeOf, say } from "../record.ts";
import { createAskPeople } from "./ask-people.ts";
import type { RunsOptions } from "./run-options.ts";
import type { RunRecord } from "./run-record.ts";

/** One deadline for all that a step wants by the same time: it is said once. */
export async function setDue(trx: Queries, row: Row<"run_step">, action: Action): Promise<void> {
  const { run, step, document, intended_at: since } = row;
  const times = new Set(action.people?.due?.(document.state).map(({ ms }) => ms));
  for (const ms of times)
    await setOnce(trx, {
      key: `run:${run}:step:${step}:due:${ms}`,
      kind: "step.overdue",
      subject: { run, step, ms },
      dueAt: addMilliseconds(since, ms),
    });
}

/** Whoever holds the role that an item names, else its words. */
function ownerInline(owner: string | null, incident: Incident | undefined): Inline[] {
  if (owner === null) return [];
  const role = IncidentRole.options.find((one) => one === owner.toLowerCase());
  const person = role === undefined ? undefined : incident?.roles[role];
  if (person === undefined || !isSlackUser(person)) return [` (${owner})`];
  return [" (", { person, name: person }, `, ${owner})`];
}

function reminderView(
  late: readonly Due[],
  { title, run, ms, incident }: { title: string; run: number; ms: number; incident: Incident | undefined },
): View {
  const what = `Overdue in R${run}: ${title}`;
  return {
    summary: `${what}: ${late.map(({ text }) => text).join("; ")}`,
    blocks: [
      { type: "text", text: [{ bold: what }, `, wanted within ${formatDuration(ms)}`] },
      { type: "list", items: late.map(({ text, owner }) => [`☐ ${text}`, ...ownerInline(owner, incident)]) },
    ],
  };
}

/** Says once, to whom it concerns, what nobody has ticked by its time; nothing once the incident is over. */
export function createOverdue(options: RunsOptions, record: RunRecord) {
  const { db, actions, announce, wakeOutbox, now } = options;
  const askPeople = createAskPeople(options);

  return async (run: number, step: string, ms: number): Promise<void> => {
    const row = await stepOf(db, run, step);
    const action = row && actions.get(row.document.action);
    if (!row || !action || row.phase === "finished") return;
    const job = await record.load(run);
    const { incident: number } = job.stored.plan;
    const said = await db.transaction().execute(async (trx) => {
      const answered = new Set((await answersOf(trx, run, step)).map(({ item }) => item));
      const due = action.people?.due?.(row.document.state) ?? [];
      const late = due.filter((one) => one.ms === ms && !answered.has(one.item));
      const incident = number === null ? undefined : await incidentByNumber(trx, number);
      const place = placeOf(number, job.stored.channel, announce);
      if (late.length === 0 || incident?.status === "resolved") return false;
      const { title } = row.document;
      await record.append(trx, job, {
        key: `step:${step}:overdue:${ms}`,
        actor: { kind: "observer" },
        fact: { kind: "step.overdue", run, step, title, items: late.map(({ text }) => text) },
      });
      if (place !== null) {
        const view = reminderView(late, { title, run, ms, incident });
        const key = `run:${run}:step:${step}:overdue:${ms}`;
        await say(trx, { key, about: number }, { do: "post", channel: place, view }, now());
      }
      await askPeople(trx, job, row.document, { action, open: true });
      return true;
    });
    if (said) wakeOutbox();
  };
}
