import { gzipSync } from "node:zlib";
import { actorName } from "../../domain/actor.ts";
import type { EvidenceFile } from "../../domain/evidence.ts";
import type { Incident } from "../../domain/incident.ts";
import { tar } from "./tar.ts";
import type { TimelineEntry } from "../../domain/timeline.ts";
import type { Queries } from "../../store/database.ts";
import { evidenceFiles } from "../../store/evidence.ts";

function stamp(at: Date): string {
  return at.toISOString().slice(0, 19).replace("T", " ");
}

/** Who had it in hand and when: each line is an entry of the timeline, with the hash that seals it. */
function custody({ channelName }: Incident, entries: readonly TimelineEntry[]): string {
  const lines = entries.flatMap(({ seq, at, actor, fact, hash }) => {
    const head = `${stamp(at)} UTC  entry ${seq}  ${actorName(actor)}`;
    if (fact.kind === "evidence.collected")
      return [
        `${head} collected ${fact.files} files of ${fact.app} in ${fact.environment} (R${fact.run} ${fact.step})`,
        `    manifest SHA-256 ${fact.sha256}`,
        ...fact.missing.map((what) => `    not had: ${what}`),
        `    sealed by ${hash}`,
      ];
    if (fact.kind === "evidence.exported")
      return [`${head} exported it, archive SHA-256 ${fact.sha256}`, `    sealed by ${hash}`];
    return [];
  });
  return [
    `Chain of custody of the evidence of ${channelName}`,
    "",
    ...lines,
    "",
    "Each manifest.json names the SHA-256 of its files; its own stands above and on the timeline, whose entries are",
    "chained by their hashes. `crai audit verify` holds the kept files and the chain to one another.",
    "",
  ].join("\n");
}

/** What was collected in an incident as one `.tar.gz`; null: nothing was. The same record gives the same bytes. */
export async function evidenceArchive(
  db: Queries,
  incident: Incident,
  entries: readonly TimelineEntry[],
): Promise<{ content: Buffer; files: number } | null> {
  const all: EvidenceFile[] = [];
  let last = incident.openedAt;
  for (const { at, fact } of entries) {
    if (fact.kind !== "evidence.collected") continue;
    last = at;
    for (const { name, content } of await evidenceFiles(db, fact))
      all.push({ name: `R${fact.run}-${fact.step}/${name}`, content });
  }
  if (all.length === 0) return null;
  const text = { name: "CHAIN-OF-CUSTODY.txt", content: Buffer.from(custody(incident, entries)) };
  return { content: gzipSync(tar([text, ...all], last)), files: all.length };
}
