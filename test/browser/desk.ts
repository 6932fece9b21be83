// oxlint-disable unicorn/require-post-message-target-origin -- chat.postMessage is Slack's, not the window's
import type { App } from "@slack/bolt";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { listen } from "../../sandbox/one-port.ts";
import { createPage } from "../../sandbox/page/build.ts";
import type { Part } from "../../sandbox/part.ts";
import { createSlackWorkspace } from "../../sandbox/slack/workspace.ts";
import { manifest, socketModeApp } from "../sandbox/slack/setup.ts";
import { findChromium, launchChromium, openTab } from "./chromium.ts";
import { fakePanel } from "./fake-panel.ts";

export const executable = findChromium();
export const incidents = "C0INCIDENTS";
/** How long to look for what a person waits for; two cores carry the browser and everything it talks to. */
const patient = { ackMs: 6_000, triggerMs: 30_000 };
export const soon = { timeout: 20_000 };

/** One browser and one built page for the tests of a file; call it once, at its top. */
export function useDesk() {
  let browser: Browser;
  let files: Part;
  beforeAll(async () => {
    if (executable === undefined) return;
    [browser, files] = await Promise.all([launchChromium(executable), createPage()]);
  });
  afterAll(() => browser?.close());

  return {
    /** A workspace with the page in front of it, and the real Bolt behind it where the test gives listeners. */
    async start({ app: prepare, port = 0 }: { app?: (app: App) => void; port?: number } = {}) {
      const web = await listen(port);
      const panel = fakePanel();
      web.mount("/slack", createSlackWorkspace({ manifest, rateLimits: "off", timings: patient }));
      web.mount("/panel", panel);
      web.mount("/", files);
      let stopped: Promise<void> | undefined;
      const stop = () => (stopped ??= web.close());
      onTestFinished(stop);
      const app = socketModeApp(`${web.origin}/slack/api/`);
      if (prepare) {
        prepare(app);
        await app.start();
        await app.client.conversations.join({ channel: incidents });
      }
      return { url: web.origin, panel, app, stop };
    },

    /** Opens the page; it must not complain on the console, but of what the test expects. */
    async open(
      url: string,
      { path = "/", expected }: { path?: string; expected?: RegExp } = {},
    ): Promise<Page> {
      const { page, complaints } = await openTab(browser, url + path);
      onTestFinished(async () => {
        await page.context().close();
        expect(complaints.filter((text) => !expected?.test(text))).toEqual([]);
      });
      await page.getByRole("navigation", { name: "Channels and apps" }).waitFor();
      return page;
    },
  };
}

export function composer(page: Page): Locator {
  return page.getByRole("combobox", { name: /^Message / });
}

/** Types a line into the open channel and sends it. */
export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

/** The newest message that holds the text. */
export function message(page: Page, text: string | RegExp): Locator {
  return page.getByRole("article").filter({ hasText: text }).last();
}

/** A card in #incidents as an app posts it. */
export async function postCard(app: App, blocks: object[]): Promise<void> {
  await app.client.chat.postMessage({ channel: incidents, text: "card", blocks: blocks as never });
}

export function button(actionId: string, label: string, rest: object = {}): object {
  return { type: "button", action_id: actionId, text: { type: "plain_text", text: label }, ...rest };
}
