import {
  EvidenceManifest,
  type EvidenceFile,
  MANIFEST,
  manifestFile,
  sha256,
} from "../../domain/evidence.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import { evidenceFiles, keepEvidence } from "../../store/evidence.ts";
import type { KeptEvidence, StepEvidence } from "../playbooks/action.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job, RunRecord } from "./run-record.ts";

function keptOf(manifest: EvidenceFile): KeptEvidence {
  const { files, missing } = EvidenceManifest.parse(JSON.parse(manifest.content.toString("utf8")));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { files: files.length, bytes, sha256: sha256(manifest.content), missing };
}

/** Evidence of one step: kept at once with its entry on the timeline, or not at all; kept once. */
export function createStepEvidence({ db, now }: RunsOptions, record: RunRecord) {
  return (job: Job, { id: step }: Pick<PlannedStep, "id">): StepEvidence => {
    const of = { run: job.run.number, step };
    const incident = job.stored.plan.incident;
    const kept = async (): Promise<KeptEvidence | null> => {
      const manifest = (await evidenceFiles(db, of)).find(({ name }) => name === MANIFEST);
      return manifest === undefined ? null : keptOf(manifest);
    };
    return {
      kept,
      async keep(about, files, missing) {
        const at = now();
        const { actor } = job.run;
        const manifest = manifestFile(
          {
            ...about,
            ...of,
            incident,
            collectedBy: actor,
            collectedAt: at.toISOString(),
            missing: [...missing],
          },
          files,
        );
        const whole = keptOf(manifest);
        await db.transaction().execute(async (trx) => {
          const hashed = [...files, manifest].map((file) => ({ ...file, sha256: sha256(file.content) }));
          await keepEvidence(trx, { ...of, incident, at }, hashed);
          const { app, environment } = about;
          await record.append(trx, job, {
            key: `step:${step}:evidence`,
            fact: { kind: "evidence.collected", run: of.run, step, app, environment, ...whole },
          });
        });
        return whole;
      },
    };
  };
}
