import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { expect, onTestFailed, onTestFinished } from "vitest";
import type { Person } from "../../sandbox/seed.ts";
import { type Sandbox, startSandbox } from "../../sandbox/start-sandbox.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { openTab } from "./chromium.ts";
import { say } from "./desk.ts";

/** ms for what a person waits for: two cores carry the browser, crai, its database and the world. */
export const patience = 120_000;
/** ms that a whole story may take. */
export const testTimeout = 600_000;
/** A folder for pictures of the story, to be looked at; unset: none are taken. */
const pictures = process.env["CRAI_TEST_PICTURES"];

/** The whole sandbox with crai in it, and a tab in front of it; both end with the test. */
export async function openSandbox(
  browser: Browser,
): Promise<{ sandbox: Sandbox; page: Page; complaints: readonly string[] }> {
  const sandbox = await startSandbox({ port: 0, dataDir: temporaryFolder(), crai: true, page: true });
  onTestFinished(() => sandbox.close());
  onTestFailed(() => console.error(readFileSync(join(sandbox.dataDir, "crai.log"), "utf8").slice(-4000)));
  await sandbox.crai.ready(patience);
  const { page, complaints } = await openTab(browser, sandbox.url);
  page.setDefaultTimeout(patience);
  onTestFailed(() => picture(page, "failed"));
  return { sandbox, page, complaints };
}

/** The buttons that break things. */
export function panel(page: Page): Locator {
  return page.getByRole("complementary", { name: "Break things" });
}

/** The pinned card of the open channel. */
export function card(page: Page): Locator {
  return page.getByRole("article").filter({ hasText: "Pinned" }).first();
}

export async function become(page: Page, { name }: Person): Promise<void> {
  await page.getByRole("button", { name: /^You are / }).click();
  await page.getByRole("menuitem", { name: new RegExp(`^${name}`) }).click();
  await page.getByRole("button", { name: `You are ${name}. Switch person` }).waitFor();
}

export async function openChannel(page: Page, name: RegExp): Promise<void> {
  await page.getByRole("button", { name: "Browse channels" }).click();
  await page.getByRole("dialog").getByRole("button", { name }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

/** Types a line once the one before it is sent. */
export async function type(page: Page, line: string): Promise<void> {
  await say(page, line);
  await expect
    .poll(() => page.getByRole("combobox", { name: /^Message / }).inputValue(), { timeout: patience })
    .toBe("");
}

/** With what it is about in view, and the pointer out of it. */
export async function picture(page: Page, name: string, inView?: Locator): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.mouse.move(0, 0);
  await inView?.scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(pictures, `${name}.png`), animations: "disabled" });
}
