import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";

/** Debian's, and what other systems call it. */
const candidates = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Where a Chromium is; undefined where there is none. Says so once a file, and `npm run test:all` fails. */
export function findChromium(): string | undefined {
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    if (process.env["CRAI_TEST_ALL"] === "1") throw new Error(`No chromium in ${candidates.join(", ")}.`);
    console.log("skipped: no chromium");
  }
  return path;
}

/** A browser with a new profile that talks to nobody but the page. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A tab of its own, and everything the page complained about in it. */
export async function openTab(browser: Browser, url: string): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}
