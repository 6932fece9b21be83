import { vi } from "vitest";
import type { Channel, Message } from "../../sandbox/slack/client-api.ts";
import type { PanelCommand, ReleaseKind } from "../../sandbox/panel/panel-api.ts";
import type { Incident } from "../../sandbox/pager/incidents.ts";
import { type Client, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";

/** Steady rates within seconds, which do not reach back to the errors of the release that is gone. */
export const pace = { settle: "2500ms", window: "300ms", rate: "2s", observe: "1s" };
/** ms that a test of the story may take; two cores carry everything. */
export const storyTimeout = 180_000;
/** ms for what takes a whole rollback. */
const rollbackMs = 90_000;

/** What a person does in the panel. */
export async function panel({ sandbox }: World, command: PanelCommand): Promise<void> {
  const response = await fetch(`${sandbox.url}/panel/commands`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(command),
  });
  if (!response.ok) throw new Error(`The panel refused ${command.command}: ${await response.text()}`);
}

/** Ships a release, and waits until what it does shows: its tag runs, or its pods do not become ready. */
export async function ship(world: World, app: string, kind: ReleaseKind): Promise<void> {
  await panel(world, { command: "ship-release", kind, app });
}

/** The channel of the app's newest incident, once this person was invited to it. */
export async function incidentChannel(client: Client, app: string): Promise<Channel> {
  return vi.waitUntil(
    async () => {
      const channels = await client.channels();
      return channels.findLast(
        ({ name, is_member: isMember }) => isMember && new RegExp(`^inc-\\d+-${app}-`).test(name),
      );
    },
    { timeout: withinMs, interval: 100 },
  );
}

/** The incident's pinned card, once it says this. */
export async function card(client: Client, channel: string, pattern: RegExp): Promise<Message> {
  return vi.waitUntil(
    async () => (await client.pins(channel)).find((message) => pattern.test(textOf(message))),
    { timeout: withinMs, interval: 100 },
  );
}

/** PagerDuty's one incident of the app, once it is in this state. */
export async function paged({ sandbox }: World, app: string, status: Incident["status"]): Promise<Incident> {
  return vi.waitUntil(
    () =>
      sandbox.pager.incidents.all.findLast(
        (incident) => incident.service.name === app && incident.status === status,
      ),
    { timeout: withinMs, interval: 50 },
  );
}

/** The run's message, once the run has ended in one of its ways. */
export function ended(client: Client, channel: string, run = "R\\d+"): Promise<Message> {
  const ends = "Cured|Carried out|Stuck|Done|Failed|Not carried out|Stopped|Outcome unknown";
  return client.waitForMessage(channel, new RegExp(`^${run} (${ends})`), { withinMs: rollbackMs });
}
