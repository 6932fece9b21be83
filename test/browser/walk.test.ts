import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { people } from "../../sandbox/seed.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import { message } from "./desk.ts";
import { become, card, openChannel, openSandbox, panel, picture, testTimeout, type } from "./person.ts";

const executable = findChromium();

/** The message that its run is told in, once that has ended. */
function run(page: Page, text: RegExp): Locator {
  return message(page, new RegExp(String.raw`R\d+ (Cured|Done|Carried out|Failed|Stuck): ${text.source}`));
}

/** Robin asks, Alex says yes, Robin goes on. */
async function deploy(page: Page, tag: string): Promise<void> {
  await openChannel(page, /^team-api/);
  await type(page, `/crai deploy ${tag} --override "practice"`);
  const plan = message(page, `Deploy ${tag} to prod`);
  await plan.getByRole("button", { name: "Approve" }).waitFor();
  await picture(page, "w1-deploy-plan", plan);
  await become(page, people.alex);
  await openChannel(page, /^team-api/);
  await plan.getByRole("button", { name: "Approve" }).click();
  const ended = run(page, new RegExp(`Deploy ${tag} to prod`));
  await ended.waitFor();
  await picture(page, "w2-deployed", ended);
  expect(await ended.innerText()).toMatch(/R\d+ Cured/);
  await become(page, people.robin);
  await openChannel(page, /^team-api/);
}

async function validate(page: Page, what: string): Promise<void> {
  await type(page, `/crai validate ${what}`);
  await message(page, `Validate api in prod: ${what}`).getByRole("button", { name: "Confirm" }).click();
  const ended = run(page, new RegExp(`Validate api in prod: ${what}`));
  await ended.waitFor();
  await picture(page, `w3-validated-${what}`, ended);
  expect(await ended.innerText()).toMatch(/R\d+ Done/);
}

async function diagnoseAndRollBack(page: Page): Promise<void> {
  await panel(page).getByRole("button", { name: "Ship a bad release" }).click();
  await page.getByRole("button", { name: /^inc-0001-api-.*, unread$/ }).click();
  const explained = message(page, "What explains a high error rate of api");
  await explained.getByText("A release shipped").waitFor();
  await picture(page, "w4-diagnosed", explained);
  await card(page).getByRole("button", { name: "Confirm" }).click();
  const ended = run(page, /Roll api-deployment back/);
  await ended.waitFor();
  expect(await ended.innerText()).toMatch(/R\d+ Cured/);
  await picture(page, "w5-rolled-back", ended);
}

async function maintain(page: Page): Promise<void> {
  await openChannel(page, /^team-api/);
  await type(page, "/crai maintenance-daily");
  const list = message(page, "Review error logs");
  await list.waitFor();
  await picture(page, "w6-maintenance", list);
}

/** Its channel is private, and the first things to do stand in it. */
async function declareBreach(page: Page): Promise<void> {
  await type(page, '/crai declare breach api --reason "rows of applicants on a paste site"');
  await page.getByRole("button", { name: /^inc-0002.*, unread$/ }).click();
  const list = message(page, "Stop data exposure");
  await list.waitFor();
  await picture(page, "w7-breach", list);
}

describe.skipIf(executable === undefined)("the runbook in the browser (skipped: no chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
  });
  afterAll(() => browser?.close());

  test("from a release to a breach, by clicking", { timeout: testTimeout }, async () => {
    const { page, complaints } = await openSandbox(browser);

    await deploy(page, "v1.2.0");
    await validate(page, "functional");
    await diagnoseAndRollBack(page);
    await maintain(page);
    await declareBreach(page);

    expect(complaints).toEqual([]);
  });
});
