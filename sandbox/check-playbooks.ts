import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { isUserError } from "../src/domain/errors.ts";
import { startEmbeddedPostgres } from "../src/store/embedded/start.ts";
import { openDatabase } from "../src/store/database.ts";
import { runPlaybookTests } from "./playbook-tests/run-all.ts";

// What `crai check [playbook]` starts: the tests that playbooks bring with them, on a practice cluster of their own.
// `--json`: one line for each.
const words = process.argv.slice(2);
const json = words.includes("--json");
const only = words.find((word) => !word.startsWith("--"));
const playbooks = process.env["CRAI_PLAYBOOKS"] ?? "playbooks";
const folder = mkdtempSync(join(tmpdir(), "crai-check-"));
const postgres = await startEmbeddedPostgres({ dataDir: join(folder, "record") });
let failed = 0;
let databases = 0;
try {
  await runPlaybookTests({
    playbooks,
    only,
    folder: (test) => join(folder, `world-${test}`),
    database: async () => {
      const name = `check_${++databases}`;
      const admin = openDatabase(postgres.url, { connections: 1 });
      await sql.raw(`create database ${name}`).execute(admin);
      await admin.destroy();
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    done: ({ playbook, test, problems }) => {
      failed += problems.length === 0 ? 0 : 1;
      if (json) return console.log(JSON.stringify({ playbook, test, problems }));
      console.log(`${problems.length === 0 ? "✓" : "✗"} ${playbook}: ${test}`);
      for (const problem of problems) console.log(`    ${problem}`);
    },
  });
} catch (error) {
  if (!isUserError(error)) throw error;
  console.error(`${error.message}\n${error.why}`);
  failed += 1;
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
