import type { App, BlockAction, ButtonAction } from "@slack/bolt";
import { z } from "zod";
import type { Button } from "../../../domain/view.ts";
import type { SlackMessage } from "../../../engine/ports.ts";
import { outboxById, putOnce } from "../../../store/outbox.ts";
import type { Row } from "../../../store/tables.ts";
import { findButton, parseButtonRef } from "../blocks/button-ref.ts";
import { type FormOrigin, formCallback, renderForm, submittedCommand } from "../blocks/render-form.ts";
import { failureOf, failureText } from "../failure.ts";
import { type Desk, isOurs, personOf, storeInvocation } from "./desk.ts";

interface Pressed {
  button: Button;
  row: Row<"outbox">;
}

/** The button as we stored it; undefined when its message has changed since, or is gone. */
async function pressedButton(desk: Desk, value: string): Promise<Pressed | undefined> {
  const parsed = parseButtonRef(value);
  const row = parsed && (await outboxById(desk.db, parsed.outboxId));
  if (row === undefined) return undefined;
  const message = row.message as SlackMessage;
  const button = "view" in message ? findButton(message.view, row.id, parsed!.ref) : undefined;
  return button && { button, row };
}

/** Where a stored message stands: a modal does not say it, and what it says could be another's. */
function channelOf({ message, receipt }: Row<"outbox">): string | null {
  const stored = message as SlackMessage;
  return receipt?.channel ?? (stored.do === "ephemeral" ? stored.channel : null);
}

interface Answer {
  /** The press that it answers. */
  id: string;
  user: string;
  channel: string | null;
  thread: string | null;
  responseUrl: string | null;
}

async function answer(desk: Desk, to: Answer, lines: [string, ...string[]]): Promise<void> {
  const view = { summary: lines[0], blocks: lines.map((text) => ({ type: "text", text }) as const) };
  const message: SlackMessage =
    to.channel === null
      ? { do: "direct", user: to.user, view }
      : {
          do: "ephemeral",
          channel: to.channel,
          user: to.user,
          view,
          ...(to.thread === null ? {} : { thread: to.thread }),
          ...(to.responseUrl === null ? {} : { responseUrl: to.responseUrl }),
        };
  await putOnce(desk.db, {
    key: `answer:${to.id}`,
    system: "slack",
    lane: `ephemeral:${to.user}`,
    message,
    at: desk.now(),
  });
  desk.wakeDelivery();
}

const outdated: [string, ...string[]] = [
  "This button is out of date, so nothing was done.",
  "Its message has changed since. Look at what it says now, or type the command.",
];

type Press = BlockAction<ButtonAction>;

function placeOfPress(body: Press) {
  const { channel, container, message, response_url } = body;
  const thread = (message?.thread_ts ?? (container["thread_ts"] as string | undefined)) as string | undefined;
  return {
    channel: channel?.id ?? null,
    thread: thread !== undefined && thread !== message?.ts ? thread : null,
    responseUrl: response_url === undefined || response_url === "" ? null : response_url,
  };
}

/** A press runs its command as if it had been typed; one with a form asks first. */
export function listenToPresses(app: App, desk: Desk): void {
  app.action<Press>({ action_id: /^crai:\d+$/, type: "block_actions" }, async ({ body, action, ack }) => {
    const { user, team, trigger_id } = body;
    if (!isOurs(desk, team?.id, user.team_id)) return ack();
    const id = `press:${trigger_id}`;
    const place = placeOfPress(body);
    const value = action.value ?? "";
    const pressed = await pressedButton(desk, value);
    if (pressed === undefined) {
      await answer(desk, { id, user: user.id, ...place }, outdated);
      return ack();
    }
    const { button } = pressed;
    if (button.form === undefined || button.form.fields.length === 0) {
      await storeInvocation(desk, {
        id,
        text: button.command,
        actor: personOf(desk, user.id, user.username),
        place: { surface: place.channel === null ? "home" : "button", ...place },
      });
      await ack().finally(() => desk.wake());
      return;
    }
    // Nothing is asked for yet, so nothing is stored; the trigger lives for three seconds.
    await ack();
    const origin: FormOrigin = { ref: value, thread: place.thread, responseUrl: place.responseUrl };
    try {
      await desk.client.views.open({ trigger_id, view: renderForm(button.form, origin) });
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) throw error;
      desk.log.warn({ why: failureText(failure) }, "a form could not be opened");
      const flags = button.form.fields.map((field) => ` --${field.name} "…"`).join("");
      await answer(desk, { id, user: user.id, ...place }, [
        "The form could not be opened, so nothing was done.",
        `Press again, or type: ${desk.command} ${button.command}${flags}`,
      ]);
    }
  });
}

const Origin = z.object({
  ref: z.string(),
  thread: z.string().nullable(),
  responseUrl: z.string().nullable(),
});

/** A submitted form is the button's command with what was filled in. */
export function listenToForms(app: App, desk: Desk): void {
  app.view(formCallback, async ({ body, view, ack }) => {
    if (!isOurs(desk, body.team?.id, body.user.team_id)) return ack();
    const origin = Origin.parse(JSON.parse(view.private_metadata));
    const pressed = await pressedButton(desk, origin.ref);
    const id = `form:${view.id}`;
    if (pressed === undefined) {
      const { thread, responseUrl } = origin;
      const stale = { id, user: body.user.id, channel: null, thread, responseUrl };
      await answer(desk, stale, outdated);
      return ack();
    }
    const submission = submittedCommand(pressed.button, view.state.values);
    if ("errors" in submission) return ack({ response_action: "errors", errors: submission.errors });
    const channel = channelOf(pressed.row);
    // One modal is one command, however often its button is pressed before it closes.
    await storeInvocation(desk, {
      id,
      text: submission.command,
      actor: personOf(desk, body.user.id, body.user.name),
      place: {
        surface: channel === null ? "home" : "button",
        channel,
        thread: origin.thread,
        responseUrl: origin.responseUrl,
      },
    });
    await ack().finally(() => desk.wake());
  });
}
