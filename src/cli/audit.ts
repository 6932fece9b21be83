import { checkEvidence } from "../domain/evidence.ts";
import { UserError } from "../domain/errors.ts";
import { type TimelineEntry, verifyChain } from "../domain/timeline.ts";
import type { Database } from "../store/database.ts";
import { evidenceFiles } from "../store/evidence.ts";
import { readStream, streamHeads } from "../store/timeline.ts";
import type { Row } from "../store/tables.ts";

export interface AuditOptions {
  /** Only this incident's stream. */
  incident: number | null;
  /** A hash that must stand in the chain: what a post-mortem says its last entry has. */
  hash: string | null;
}

export interface StreamAudit {
  stream: string;
  entries: number;
  head: string;
  /** What is wrong with it, and at which entry; null: nothing. */
  broken: { seq: number; why: string } | null;
}

/** The chain by itself, and against the head that is kept apart from it. */
function auditStream({ stream, seq, hash }: Row<"stream">, entries: readonly TimelineEntry[]): StreamAudit {
  const checked = verifyChain(entries);
  const last = entries.at(-1);
  const found = { stream, entries: entries.length, head: last?.hash ?? hash };
  if (!checked.intact) return { ...found, broken: { seq: checked.seq, why: checked.why } };
  if (entries.length < seq)
    return { ...found, broken: { seq: entries.length + 1, why: `entry ${entries.length + 1} is missing` } };
  if (entries.length > seq || (last !== undefined && last.hash !== hash))
    return { ...found, broken: { seq: entries.length, why: "is not the entry that the stream ends with" } };
  return { ...found, broken: null };
}

/** The kept evidence of a stream against the hashes that its entries have. */
async function auditEvidence(
  db: Database,
  entries: readonly TimelineEntry[],
): Promise<StreamAudit["broken"]> {
  for (const { seq, fact } of entries) {
    if (fact.kind !== "evidence.collected") continue;
    const why = checkEvidence(fact.sha256, await evidenceFiles(db, fact));
    if (why !== null) return { seq, why };
  }
  return null;
}

/** Walks every chain from its first entry. Throws a UserError when what was asked for is not there. */
export async function auditStreams(db: Database, { incident, hash }: AuditOptions): Promise<StreamAudit[]> {
  const heads = (await streamHeads(db)).filter(
    ({ stream }) => incident === null || stream === `incident:${incident}`,
  );
  if (incident !== null && heads.length === 0)
    throw new UserError(`There is no incident ${incident}.`, {
      why: "The record holds nothing under this number.",
      next: "crai incident list --all",
    });
  const audits: StreamAudit[] = [];
  let found = false;
  for (const head of heads) {
    const entries = await readStream(db, head.stream);
    found ||= entries.some((entry) => entry.hash === hash);
    const audit = auditStream(head, entries);
    audits.push({ ...audit, broken: audit.broken ?? (await auditEvidence(db, entries)) });
  }
  if (hash !== null && !found)
    throw new UserError("No entry has this hash.", {
      why: `The document it comes from does not rest on ${incident === null ? "this database" : "this incident's record"} as it is now.`,
      next: "Check the number of the incident, and that this is the database it was made from.",
    });
  return audits;
}

export function auditLine({ stream, entries, head, broken }: StreamAudit): string {
  const count = `${entries} ${entries === 1 ? "entry" : "entries"}`;
  return broken === null
    ? `✓ ${stream}: ${count}, head ${head}`
    : `✗ ${stream}: entry ${broken.seq} ${broken.why.startsWith("entry ") ? "is missing" : broken.why}`;
}
