import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { startSandbox } from "../../sandbox/start-sandbox.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import { message, say } from "./desk.ts";

/** `npm run screenshots`: plays the story in the sandbox and takes the pictures of README.md. */
const folder = join(import.meta.dirname, "../../docs/images");
const patience = { timeout: 120_000 };
/** The sandbox counts a release as healthy 15 s after it sees it first. */
const untilHealthMs = 25_000;

/** What it is about in view, the pointer out of it, nothing in motion. */
async function shoot(page: Page, name: string, about: Locator): Promise<void> {
  await page.mouse.move(0, 0);
  await about.evaluate((element) => element.scrollIntoView({ block: "start" }));
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled" });
  console.log(`docs/images/${name}.png`);
}

function channel(page: Page): Locator {
  return page.getByRole("navigation", { name: "Channels and apps" }).getByRole("button", { name: /inc-/ });
}

async function playStory(page: Page): Promise<void> {
  await page.waitForTimeout(untilHealthMs);
  await page.getByRole("button", { name: "Ship it" }).click();
  await channel(page).waitFor(patience);
  await channel(page).click();
  const confirm = message(page, "HighErrorRate").getByRole("button", { name: "Confirm" });
  await confirm.waitFor(patience);
  // The panel that breaks things is no part of the workspace.
  await page.getByRole("button", { name: "Break things" }).click();
  await page.getByText("is being rolled out").waitFor({ state: "hidden", ...patience });
  await shoot(page, "incident", message(page, "HighErrorRate"));

  await message(page, "HighErrorRate").getByRole("button", { name: "Acknowledge" }).click();
  await message(page, "acknowledged the incident").waitFor(patience);
  await confirm.click();
  await message(page, /Cured:/).waitFor(patience);
  // The diagnosis above it has one, too.
  await page.getByRole("button", { name: "1 reply" }).last().click();
  await page.getByText("kubectl").first().waitFor(patience);
  await shoot(page, "cured", message(page, /Cured:/));

  await page.getByRole("button", { name: "Close thread" }).click();
  // Asked earlier, crai says first what still fires.
  await page
    .getByRole("article")
    .filter({ hasText: "Pinned" })
    .getByText(/\d+ alerts? resolved/)
    .waitFor(patience);
  await say(page, "/crai resolve");
  await message(page, "resolved the incident").waitFor(patience);
  await say(page, "/crai export");
  await page.getByRole("button", { name: "Open", exact: true }).click(patience);
  const times = page.getByRole("dialog").getByRole("heading", { name: "Times" });
  await shoot(page, "post-mortem", times);
}

// The one that a newcomer sees in the addresses; another where something listens on it.
const port = Number(process.env["PORT"] ?? 3000);
const executable = findChromium();
if (executable === undefined) throw new Error("The pictures need Chromium.");
const sandbox = await startSandbox({ port, dataDir: temporaryFolder(), crai: true, page: true });
const browser = await launchChromium(executable);
try {
  await sandbox.crai.ready();
  const context = await browser.newContext({ viewport: { width: 1200, height: 780 } });
  const page = await context.newPage();
  await page.goto(sandbox.url);
  await playStory(page);
} finally {
  await browser.close();
  await sandbox.close();
}
