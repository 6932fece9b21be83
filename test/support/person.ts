import { clientEvent, clientMethods } from "../../sandbox/slack/client-api.ts";
import type {
  Bookmark,
  Channel,
  ClientEvent,
  ClientFailure,
  ClientInput,
  ClientMethod,
  ClientResult,
  Delivery,
  ElementState,
  Message,
  Submission,
  View,
} from "../../sandbox/slack/client-api.ts";
import { massMentions } from "../../sandbox/slack/mentions.ts";
import { interactivesOf, labelOf, textOf } from "./slack-text.ts";
import { stateFor } from "./slack-inputs.ts";
import type { Filled } from "./slack-inputs.ts";

/** Milliseconds a person waits for something to appear; generous, because two cores carry everything. */
const patience = 15_000;
const lookAgainMs = 200;

interface Waiting {
  withinMs?: number;
  /** Look in this thread instead of the channel. */
  thread?: string;
  /** Only messages later than this `ts`. */
  after?: string;
}

/** Slack refused what the person did; `code` is Slack's. */
class ClientRefusal extends Error {
  override readonly name = "ClientRefusal";
  readonly code: string;

  constructor(method: string, failure: ClientFailure) {
    super(`${method} was refused: ${failure.error} (${failure.message})`);
    this.code = failure.error;
  }
}

/**
 * Acts and sees as one person of the sandbox's Slack workspace.
 * @param url the sandbox's origin, "http://localhost:3000"
 * @param id a Slack user of sandbox/seed.ts
 */
export function person(url: string, id: string) {
  const events: ClientEvent[] = [];
  let wake: () => void = () => undefined;
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/slack/client/events?as=${id}`);
  socket.addEventListener("message", ({ data }) => {
    events.push(clientEvent.parse(JSON.parse(String(data))));
    wake();
  });

  async function call<M extends ClientMethod>(method: M, input: ClientInput<M>): Promise<ClientResult<M>> {
    const response = await fetch(`${url}/slack/client/${method}?as=${id}`, {
      method: "POST",
      body: JSON.stringify(input),
    });
    const answer = (await response.json()) as { ok: true; result: unknown } | ClientFailure;
    if (!answer.ok) throw new ClientRefusal(method, answer);
    return clientMethods[method].result.parse(answer.result) as ClientResult<M>;
  }

  /** Looks again after every change until `look` finds something; `report` tells what was there instead. */
  async function until<T>(
    what: string,
    look: () => Promise<T | undefined>,
    { report, withinMs = patience }: { report: () => Promise<string>; withinMs?: number | undefined },
  ): Promise<T> {
    const deadline = Date.now() + withinMs;
    while (true) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, lookAgainMs);
      });
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > deadline) {
        throw new Error(`${id} waited ${withinMs} ms for ${what}. Seen instead:\n${await report()}`);
      }
      await changed;
    }
  }

  /** Oldest first, this person's ephemerals among them. */
  async function history(channel: string): Promise<Message[]> {
    return (await call("channel.history", { channel })).messages;
  }

  async function thread(channel: string, ts: string): Promise<Message[]> {
    return (await call("thread.replies", { channel, thread_ts: ts })).messages;
  }

  async function channels(): Promise<Channel[]> {
    return (await call("channels.list", {})).channels;
  }

  async function messagesIn(channel: string, { thread: ts, after = "" }: Waiting): Promise<Message[]> {
    const all = ts === undefined ? await history(channel) : await thread(channel, ts);
    return all.filter((message) => message.ts > after);
  }

  async function report(channel: string, waiting: Waiting): Promise<string> {
    const messages = await messagesIn(channel, { ...waiting, after: "" });
    if (messages.length === 0) return "(nothing)";
    return messages
      .map((message) => `  ${message.ts} ${author(message)}: ${indent(textOf(message))}`)
      .join("\n");
  }

  function waitForMessage(channel: string, pattern: RegExp, waiting: Waiting = {}): Promise<Message> {
    return until(
      `a message like ${String(pattern)} in ${channel}`,
      async () => (await messagesIn(channel, waiting)).findLast((message) => pattern.test(textOf(message))),
      { report: () => report(channel, waiting), withinMs: waiting.withinMs },
    );
  }

  async function views(): Promise<View[]> {
    return (await call("views.list", {})).views;
  }

  /** The message or view as it stands on the screen now. */
  async function current<T extends Message | View>(shown: T): Promise<T> {
    const found = await (isMessage(shown) ? currentMessage(shown) : currentView(shown));
    if (found === undefined) throw new Error(`${id} no longer sees:\n${textOf(shown)}`);
    return found as T;
  }

  async function currentMessage({ channel, ts, thread_ts }: Message): Promise<Message | undefined> {
    const isReply = thread_ts !== undefined && thread_ts !== ts;
    const all = isReply ? await thread(channel, thread_ts) : await history(channel);
    return all.find((message) => message.ts === ts);
  }

  async function currentView({ id: viewId, type }: View): Promise<View | undefined> {
    if (type === "home") return (await call("home.view", {})).view ?? undefined;
    return (await views()).find((view) => view.id === viewId);
  }

  async function act(
    shown: Message | View,
    label: string,
    chosen?: (element: Record<string, unknown>) => ElementState,
  ) {
    const now = await current(shown);
    const blocks = now.blocks ?? [];
    const all = interactivesOf(blocks);
    const found = all.find((one) => labelOf(one) === label || one.element["action_id"] === label);
    if (found === undefined) {
      throw new Error(
        `Nothing called "${label}" there, only ${all.map(labelOf).join(", ") || "nothing"}:\n${textOf(now)}`,
      );
    }
    return call("action.run", {
      container: isMessage(now)
        ? { type: "message", channel: now.channel, ts: now.ts }
        : { type: "view", view_id: now.id },
      block_id: found.block.block_id ?? "",
      action_id: String(found.element["action_id"]),
      ...(chosen === undefined ? {} : { chosen: chosen(found.element) }),
    });
  }

  return {
    id,
    call,
    channels,
    history,
    thread,
    /** Everything pushed to this person so far. */
    events: events as readonly ClientEvent[],
    /** Waits for a pushed event. */
    waitForEvent<T extends ClientEvent["type"]>(
      type: T,
      matches: (event: Extract<ClientEvent, { type: T }>) => boolean = () => true,
    ): Promise<Extract<ClientEvent, { type: T }>> {
      type Wanted = Extract<ClientEvent, { type: T }>;
      return until(
        `the event ${type}`,
        () =>
          Promise.resolve(
            events.find((event) => event.type === type && matches(event as Wanted)) as Wanted | undefined,
          ),
        { report: () => Promise.resolve(events.map((event) => event.type).join(", ")) },
      );
    },

    /** A channel by its name; undefined when this person cannot see one. */
    async channel(name: string): Promise<Channel | undefined> {
      return (await channels()).find((channel) => channel.name === name);
    },
    waitForChannel(name: RegExp, { withinMs }: Pick<Waiting, "withinMs"> = {}): Promise<Channel> {
      return until(
        `a channel like ${String(name)}`,
        async () => (await channels()).find((channel) => name.test(channel.name)),
        {
          report: async () => (await channels()).map((channel) => `  #${channel.name}`).join("\n"),
          withinMs,
        },
      );
    },
    waitForMessage,
    async ephemerals(channel: string): Promise<Message[]> {
      return (await history(channel)).filter((message) => message.is_ephemeral);
    },
    /** Messages this person can see that would page a channel or group, with what would. */
    async massMentions(): Promise<{ message: Message; mentions: string[] }[]> {
      const all = await Promise.all((await channels()).map((channel) => history(channel.id)));
      return all
        .flat()
        .map((message) => ({ message, mentions: massMentions(message) }))
        .filter(({ mentions }) => mentions.length > 0);
    },
    async pins(channel: string): Promise<Message[]> {
      return (await call("channel.pins", { channel })).messages;
    },
    async bookmarks(channel: string): Promise<Bookmark[]> {
      return (await call("channel.bookmarks", { channel })).bookmarks;
    },

    async say(channel: string, text: string, { thread: ts }: { thread?: string } = {}): Promise<Message> {
      const { message } = await call("message.post", {
        channel,
        text,
        ...(ts === undefined ? {} : { thread_ts: ts }),
      });
      return message;
    },
    /** `line` with the slash: "/crai rollback api". */
    command(channel: string, line: string, { thread: ts }: { thread?: string } = {}): Promise<Delivery> {
      return call("command.run", { channel, text: line, ...(ts === undefined ? {} : { thread_ts: ts }) });
    },
    /** Presses a button by its text (or action_id), saying yes where it asks. */
    press: (shown: Message | View, label: string): Promise<Delivery> => act(shown, label),
    /** Chooses in a menu by its placeholder or label (or action_id); `choice` is an option's text or value, or an id. */
    choose: (shown: Message | View, label: string, choice: string): Promise<Delivery> =>
      act(shown, label, (element) => stateFor(element, choice)),
    /** Fills in a modal by the labels (or action_ids) of its inputs and submits it; what is left out stays as it was. */
    async fill(view: View, values: Record<string, Filled>): Promise<Submission> {
      const now = await current(view);
      const inputs = interactivesOf(now.blocks);
      const state = structuredClone(now.state.values);
      for (const [label, value] of Object.entries(values)) {
        const input = inputs.find((one) => labelOf(one) === label || one.element["action_id"] === label);
        if (input === undefined) {
          throw new Error(
            `No input "${label}" in the modal, only ${inputs.map(labelOf).join(", ")}:\n${textOf(now)}`,
          );
        }
        const blockId = input.block.block_id ?? "";
        state[blockId] ??= {};
        state[blockId][String(input.element["action_id"])] = stateFor(input.element, value);
      }
      return call("view.submit", { view_id: now.id, state });
    },
    /** The topmost modal, once it says something like `pattern`. */
    waitForView(pattern: RegExp, { withinMs }: Pick<Waiting, "withinMs"> = {}): Promise<View> {
      return until(
        `a modal like ${String(pattern)}`,
        async () => {
          const top = (await views()).at(-1);
          return top !== undefined && pattern.test(textOf(top)) ? top : undefined;
        },
        { report: async () => (await views()).map(textOf).join("\n\n") || "(no modal)", withinMs },
      );
    },
    views,
    async closeView(view: View, { all = false }: { all?: boolean } = {}): Promise<void> {
      await call("view.close", { view_id: view.id, all });
    },
    /** Opens the Home tab, which the app hears of. */
    async home(): Promise<View | null> {
      return (await call("home.open", {})).view;
    },
    waitForHome(pattern: RegExp, { withinMs }: Pick<Waiting, "withinMs"> = {}): Promise<View> {
      async function shown(): Promise<View | null> {
        return (await call("home.view", {})).view;
      }
      return until(
        `a Home tab like ${String(pattern)}`,
        async () => {
          const view = await shown();
          return view !== null && pattern.test(textOf(view)) ? view : undefined;
        },
        {
          report: async () => {
            const view = await shown();
            return view === null ? "(no Home tab yet)" : textOf(view);
          },
          withinMs,
        },
      );
    },
    /** Runs a message shortcut (with a message) or a global one, by its name in the manifest. */
    async shortcut(name: string, message?: Message): Promise<Delivery> {
      const { shortcuts } = await call("whoami", {});
      const shortcut = shortcuts.find((one) => one.name === name);
      if (shortcut === undefined)
        throw new Error(`No shortcut "${name}", only ${shortcuts.map((one) => one.name).join(", ")}`);
      const on = message === undefined ? {} : { channel: message.channel, ts: message.ts };
      return call("shortcut.run", { callback_id: shortcut.callback_id, ...on });
    },
    async react({ channel, ts }: Message, name: string): Promise<void> {
      await call("reaction.add", { channel, ts, name });
    },
    async pin({ channel, ts }: Message): Promise<void> {
      await call("pin.add", { channel, ts });
    },
    /** Closes the client, as one closes a laptop; needed only where the workspace outlives the person. */
    leave(): void {
      socket.close();
    },
  };
}

function isMessage(shown: Message | View): shown is Message {
  return "ts" in shown;
}

function author({ user, is_ephemeral }: Message): string {
  return `${user ?? "?"}${is_ephemeral ? " (only to you)" : ""}`;
}

function indent(text: string): string {
  return text.replaceAll("\n", "\n      ");
}
