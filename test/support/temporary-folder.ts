import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guardFolder } from "./guard.ts";

/** A new folder that every account may enter. It goes, with a PostgreSQL on data in it, when the test file has ended. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "crai-test-"));
  guardFolder(path);
  chmodSync(path, 0o755);
  return path;
}
