import { actions } from "../../src/actions/index.ts";
import { isUserError } from "../../src/domain/errors.ts";
import type { PlaybookTest } from "../../src/domain/playbook.ts";
import { indexActions } from "../../src/engine/playbooks/loaded.ts";
import { loadPlaybooks } from "../../src/engine/playbooks/load-playbooks.ts";
import { migrate, openDatabase } from "../../src/store/database.ts";
import { type SandboxTiming, startSandbox } from "../start-sandbox.ts";
import { craiInProcess } from "./crai-in-process.ts";
import { bringAbout } from "./given.ts";
import { runTest } from "./run-test.ts";

export interface PlaybookTestResult {
  playbook: string;
  test: string;
  /** Empty: all is as expected. */
  problems: string[];
}

/** Minutes of the practice world in seconds. */
const timing: SandboxTiming = {
  pace: { settle: "2500ms", window: "300ms", rate: "2s", observe: "1s" },
  metrics: 200,
  pods: { podStart: 60, podStop: 20, crashBackOff: 200, pullBackOff: 200 },
};

export interface RunAll {
  /** Folder of the playbooks. */
  playbooks: string;
  /** Only the tests of this one. */
  only?: string | undefined;
  /** Where each test's practice world may keep its files. */
  folder: (test: number) => string;
  /** An empty database for each test, or one that has crai's schema. */
  database: () => Promise<string>;
  done: (result: PlaybookTestResult) => void;
}

/** Every test of every playbook, each in a practice world of its own. Throws a UserError for playbooks that cannot be loaded. */
export async function runPlaybookTests({ playbooks, only, folder, database, done }: RunAll): Promise<void> {
  const loaded = [...loadPlaybooks(playbooks, indexActions(actions)).values()];
  const wanted = loaded.filter(({ metadata }) => only === undefined || metadata.name === only);
  const all = wanted.flatMap(({ metadata, tests }) =>
    tests.map((test) => ({ playbook: metadata.name, test })),
  );
  for (const [index, { playbook, test }] of all.entries()) {
    const problems = await inItsWorld(
      { playbooks, folder: folder(index), url: await database() },
      playbook,
      test,
    );
    done({ playbook, test: test.name, problems });
  }
}

async function inItsWorld(
  place: { playbooks: string; folder: string; url: string },
  playbook: string,
  test: PlaybookTest,
): Promise<string[]> {
  const sandbox = await startSandbox({ port: 0, dataDir: place.folder, crai: false, timing });
  const db = openDatabase(place.url, { connections: 5 });
  try {
    await migrate(db);
    const crai = await craiInProcess(sandbox, { db, playbooks: place.playbooks });
    for (const entry of test.given) await bringAbout(sandbox, entry);
    return await runTest({ ...crai, db }, playbook, test);
  } catch (error) {
    if (isUserError(error)) return [`${error.message} ${error.why}`];
    return [error instanceof Error ? error.message : String(error)];
  } finally {
    await db.destroy();
    await sandbox.close();
  }
}
