import { copyFileSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

/** The folder of all playbooks, as an environment for crai. */
export const allPlaybooks = { CRAI_PLAYBOOKS: new URL("../../playbooks", import.meta.url).pathname };

/** A folder of crai's playbooks but for those that an alert or a time of day starts by itself: what they come to is another story. */
export function quietPlaybooks(): { CRAI_PLAYBOOKS: string } {
  const folder = temporaryFolder();
  for (const name of globSync("*.yaml", { cwd: allPlaybooks.CRAI_PLAYBOOKS })) {
    const file = join(allPlaybooks.CRAI_PLAYBOOKS, name);
    if (!/^(\s+mode: auto|schedule:)$/m.test(readFileSync(file, "utf8")))
      copyFileSync(file, join(folder, name));
  }
  return { CRAI_PLAYBOOKS: folder };
}
