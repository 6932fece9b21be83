import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { isUserError } from "../src/domain/errors.ts";
import { startEmbeddedPostgres } from "../src/store/embedded/start.ts";
import { openDatabase } from "../src/store/database.ts";
import { runPlaybookTests } from "./playbook-tests/run-all.ts";

// `npm run check:playbooks [playbook]`: the tests that playbooks bring with them, on a practice cluster of their own.
const playbooks = process.env["CRAI_PLAYBOOKS"] ?? "playbooks";
const folder = mkdtempSync(join(tmpdir(), "crai-check-"));
const postgres = await startEmbeddedPostgres({ dataDir: join(folder, "record") });
let failed = 0;
let databases = 0;
try {
  await runPlaybookTests({
    playbooks,
    only: process.argv[2],
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
      console.log(`${problems.length === 0 ? "✓" : "✗"} ${playbook}: ${test}`);
      for (const problem of problems) console.log(`    ${problem}`);
      failed += problems.length === 0 ? 0 : 1;
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
process.exit(failed === 0 ? 0 : 1);
