import { createHash } from "node:crypto";
import { z } from "zod";
import { Actor } from "./actor.ts";

/** One copy of something that was there. */
export interface EvidenceFile {
  /** Path within its collection. */
  name: string;
  content: Buffer;
}

/** Name of the file that names all others with their hashes. */
export const MANIFEST = "manifest.json";

/** What was collected, by whom, when, of what; its own hash stands on the timeline. */
export const EvidenceManifest = z.strictObject({
  incident: z.int().nullable(),
  run: z.int(),
  step: z.string(),
  app: z.string(),
  environment: z.string(),
  cluster: z.string(),
  namespace: z.string(),
  /** Whose rights it was read with. */
  collectedBy: Actor,
  collectedAt: z.iso.datetime(),
  files: z.array(z.strictObject({ name: z.string(), bytes: z.int(), sha256: z.string() })),
  /** What was looked for and could not be had. */
  missing: z.array(z.string()),
});
export type EvidenceManifest = z.infer<typeof EvidenceManifest>;

export function sha256(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}

export function manifestFile(
  manifest: Omit<EvidenceManifest, "files">,
  files: readonly EvidenceFile[],
): EvidenceFile {
  const listed = files
    .map(({ name, content }) => ({ name, bytes: content.length, sha256: sha256(content) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const whole: EvidenceManifest = { ...manifest, files: listed };
  return { name: MANIFEST, content: Buffer.from(`${JSON.stringify(whole, null, 2)}\n`) };
}

/**
 * Holds kept files to the hash of their manifest that the timeline has; what is wrong in words, null when nothing is.
 */
export function checkEvidence(expected: string, files: readonly EvidenceFile[]): string | null {
  const kept = files.find(({ name }) => name === MANIFEST);
  if (kept === undefined) return "its evidence is gone";
  if (sha256(kept.content) !== expected) return `evidence: ${MANIFEST} was changed after it was kept`;
  const manifest = EvidenceManifest.parse(JSON.parse(kept.content.toString("utf8")));
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const { name, sha256: hash } of manifest.files) {
    const file = byName.get(name);
    if (file === undefined) return `evidence: ${name} is gone`;
    if (sha256(file.content) !== hash) return `evidence: ${name} was changed after it was kept`;
  }
  const added = files.find(
    ({ name }) => name !== MANIFEST && !manifest.files.some((one) => one.name === name),
  );
  return added === undefined ? null : `evidence: ${added.name} was added afterwards`;
}
