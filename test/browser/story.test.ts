import { readFileSync } from "node:fs";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { people } from "../../sandbox/seed.ts";
import type { Sandbox } from "../../sandbox/start-sandbox.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import { message } from "./desk.ts";
import {
  become,
  card,
  openChannel,
  openSandbox,
  panel,
  patience,
  picture,
  testTimeout,
  type,
} from "./person.ts";

const executable = findChromium();
describe.skipIf(executable === undefined)("the story in the browser (skipped: no chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
  });
  afterAll(() => browser?.close());

  test("from a bad release to the post-mortem, by clicking", { timeout: testTimeout }, async () => {
    const { sandbox, page, complaints } = await openSandbox(browser);

    await shipAndOpenChannel(page);
    await acknowledgeInSlack(page, sandbox);
    await readThePlan(page);
    await confirmAndKillCrai(page);
    await takeNotes(page);
    await resolve(page, sandbox);
    await exportPostMortem(page);

    await shipAnother(page, sandbox);
    await refuseNoor(page);
    await approveForSasha(page);

    expect(complaints).toEqual([]);
  });
});

/** Its title is that of whichever alert came first. */
const first = /^#?inc-0001-api-[\w-]+$/;
const second = /inc-0002-federated-[\w-]+/;

function guide(page: Page): Locator {
  return page.getByRole("region", { name: "Guide" });
}

function pagerCard(page: Page, app: string): Locator {
  return panel(page).getByRole("article", { name: new RegExp(`^${app} error rate`) });
}

function steps(page: Page): Promise<number> {
  return guide(page).getByRole("img", { name: "Done" }).count();
}

async function shipAndOpenChannel(page: Page): Promise<void> {
  await picture(page, "1-start");
  await guide(page).getByRole("button", { name: "Ship it" }).click();
  await guide(page).getByRole("button", { name: first }).click();
  await card(page).getByRole("button", { name: "Confirm" }).waitFor();
  expect(await card(page).innerText()).toMatch(
    /api v1\.2\.0-errors shipped \d+s (before|after) the first alert\.\s+Roll api-deployment back to revision 3 \(v1\.1\.9\)\?/,
  );
  await page.getByRole("button", { name: "2 members" }).click();
  await page.getByRole("dialog").getByText("Responder, on call for api").waitFor();
  await page.keyboard.press("Escape");
  expect(await steps(page)).toBe(2);
  await picture(page, "2-card");
}

async function acknowledgeInSlack(page: Page, { pager }: Sandbox): Promise<void> {
  await pagerCard(page, "api")
    .getByText(/^triggered/)
    .waitFor();
  await card(page).getByRole("button", { name: "Acknowledge" }).click();
  await message(page, "@Robin acknowledged the incident.").waitFor();
  await pagerCard(page, "api")
    .getByText(/^acknowledged/)
    .waitFor();
  expect(pager.incidents.all[0]!.log.at(-1)!.agent).toMatchObject({ user: { name: "Robin" } });
  await expect
    .poll(() => card(page).innerText(), { timeout: patience })
    .toMatch(/Acknowledged\s+\d\d:\d\d, @Robin/);
}

async function readThePlan(page: Page): Promise<void> {
  await card(page).getByRole("button", { name: "See the plan" }).click();
  const plan = message(page, "The same by hand");
  await plan.waitFor();
  const text = await plan.innerText();
  expect(text).toContain("Only visible to you");
  expect(text).toContain("image: sustainable-credit-risk-ai:v1.1.9");
  expect(text).toContain("kubectl -n credit-risk-ai rollout undo deployment/api-deployment --to-revision=3");
  expect(text).toContain("Nothing has been touched.");
  await picture(page, "3-plan", plan.getByRole("button", { name: "Confirm" }));
}

async function confirmAndKillCrai(page: Page): Promise<void> {
  await card(page).getByRole("button", { name: "Confirm" }).click();
  const run = message(page, /R\d+ (Running|Cured): Roll api-deployment/);
  await run.getByRole("button", { name: "Stop" }).waitFor();
  await picture(page, "4-running", run);
  await panel(page).getByRole("button", { name: "kill -9" }).click();
  await panel(page).getByText("1 restart", { exact: true }).waitFor();
  await message(page, /R\d+ Cured: Roll api-deployment/)
    .filter({ hasText: "Error rate 0." })
    .waitFor();
  expect(await steps(page)).toBe(3);
  const said = await message(page, /R\d+ Cured: Roll api-deployment/).innerText();
  expect(said).toContain("✓ 3 of 3 replicas run the new revision: sustainable-credit-risk-ai:v1.1.9");
  expect(await page.getByRole("article").filter({ hasText: "asked by @Robin" }).count()).toBe(1);
  // The diagnosis above it has one, too.
  await page.getByRole("button", { name: "1 reply" }).last().click();
  await page.getByRole("complementary", { name: "Thread" }).getByText("The same by hand").waitFor();
  await picture(page, "5-cured", message(page, "Error rate 0."));
  await page.getByRole("button", { name: "Close thread" }).click();
}

async function takeNotes(page: Page): Promise<void> {
  await type(page, "/crai note DB_POOL_SIZE came with v1.2.0");
  await message(page, "Noted on the timeline").waitFor();
  await type(page, "Checkout was slow for about a minute, nothing was lost.");
  const told = message(page, "nothing was lost");
  await told.hover();
  await told.getByRole("button", { name: "React with pushpin" }).click();
  await told.getByRole("button", { name: "pushpin, 1" }).waitFor();
  await type(page, "/crai rolback");
  const refusal = message(page, "rolback");
  await refusal.getByText("rollback", { exact: false }).first().waitFor();
  expect(await refusal.innerText()).toContain("Only visible to you");
  await picture(page, "6-notes", refusal);
}

async function resolve(page: Page, { pager }: Sandbox): Promise<void> {
  // Asked earlier, crai says first what still fires.
  await card(page)
    .getByText(/\d+ alerts? resolved/)
    .waitFor();
  await type(page, "/crai mitigate");
  await message(page, "@Robin mitigated the incident.").waitFor();
  await type(page, "/crai resolve");
  await message(page, "@Robin resolved the incident.").waitFor();
  await pagerCard(page, "api")
    .getByText(/^resolved/)
    .waitFor();
  expect(pager.incidents.all).toHaveLength(1);
  await type(page, "/crai timeline");
  const timeline = message(page, "Timeline of");
  await timeline.getByText("Checkout was slow", { exact: false }).waitFor();
  await picture(page, "7-timeline", timeline);
}

async function exportPostMortem(page: Page): Promise<void> {
  await type(page, "/crai export");
  const link = page.getByRole("link", { name: /^Download post-mortem-inc-0001-api-.*\.md$/ });
  const file = page.getByRole("article").filter({ has: link });
  await file.waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  const markdown = readFileSync(await download.path(), "utf8");
  expect(markdown).toMatch(/^# Post-mortem: outage of api in prod, /);
  expect(markdown).toMatch(/\| Acknowledged \| [\d: -]+ \| \d+\w* ?\w* \| Robin \|/);
  expect(markdown).toContain("DB_POOL_SIZE came with v1.2.0");
  expect(markdown).toContain("Checkout was slow for about a minute");
  expect(markdown).toContain("Robin confirmed P");
  expect(markdown).toMatch(/^-\s+image: sustainable-credit-risk-ai:v1\.2\.0-errors$/m);
  await expect.poll(() => steps(page), { timeout: patience }).toBe(4);
  await picture(page, "8-export", file);
  await file.getByRole("button", { name: "Open" }).click();
  await page.getByRole("dialog").getByRole("heading", { name: "Times" }).waitFor();
  await picture(page, "9-post-mortem");
  await page.keyboard.press("Escape");
}

async function shipAnother(page: Page, { pager }: Sandbox): Promise<void> {
  await panel(page).getByLabel("App").selectOption("federated");
  await panel(page).getByRole("button", { name: "Ship a bad release" }).click();
  await page.getByRole("button", { name: /^inc-0002-federated-.*, unread$/ }).click();
  await card(page).getByRole("button", { name: "Confirm" }).waitFor();
  await pagerCard(page, "federated").getByRole("button", { name: "Acknowledge" }).click();
  await message(page, "Robin in PagerDuty acknowledged the incident.").waitFor();
  await expect
    .poll(() => card(page).innerText(), { timeout: patience })
    .toMatch(/Acknowledged\s+\d\d:\d\d, Robin in PagerDuty/);
  expect(pager.incidents.all).toHaveLength(2);
  await picture(page, "10-second", card(page));
}

async function refuseNoor(page: Page): Promise<void> {
  await become(page, people.noor);
  await openChannel(page, /^incidents/);
  await type(page, "/crai rollback federated");
  const refusal = message(page, "You may not");
  await refusal.waitFor();
  expect(await refusal.innerText()).toContain("Only visible to you");
  await picture(page, "11-noor", refusal);
}

async function approveForSasha(page: Page): Promise<void> {
  await become(page, people.sasha);
  await type(page, '/crai rollback federated --reason "errors since v1.2.0"');
  await message(page, "is planned").getByRole("button", { name: second }).click();
  const plan = message(page, "errors since v1.2.0");
  await plan.getByRole("button", { name: "Approve" }).click();
  await message(page, "needs the yes of a second person").waitFor();
  await picture(page, "12-sasha", plan);

  await become(page, people.alex);
  await openChannel(page, second);
  await plan.getByRole("button", { name: "Approve" }).click();
  await message(page, /R\d+ Cured: Roll federated/)
    .filter({ hasText: "Error rate 0." })
    .waitFor();
  await picture(page, "13-approved", message(page, /R\d+ Cured: Roll federated/));
}
