import type { EvidenceFile } from "../domain/evidence.ts";
import type { Queries } from "./database.ts";

/** Files of one step of one run. */
export interface EvidenceOf {
  run: number;
  step: string;
}

export async function evidenceFiles(db: Queries, { run, step }: EvidenceOf): Promise<EvidenceFile[]> {
  return db
    .selectFrom("evidence_file")
    .select(["name", "content"])
    .where("run", "=", run)
    .where("step", "=", step)
    .orderBy("name")
    .execute();
}

/** One by one: together they may be large. */
export async function keepEvidence(
  trx: Queries,
  { run, step, incident, at }: EvidenceOf & { incident: number | null; at: Date },
  files: readonly (EvidenceFile & { sha256: string })[],
): Promise<void> {
  for (const { name, content, sha256 } of files)
    await trx
      .insertInto("evidence_file")
      .values({ run, step, name, incident, sha256, content, collected_at: at })
      .execute();
}
