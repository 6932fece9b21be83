import type { ClientEvent } from "../../slack/client-api.ts";
import { type Call, CallError, callAs } from "./call.ts";
import { openEventSocket } from "./event-socket.ts";
import { applyEvent, emptyState, threadKey, type WorkspaceState } from "./state.ts";

/** One person's connection to the workspace: its state, kept up to date by the event stream. */
export interface Workspace {
  /** Opens the event stream; nothing is known before. Returns how to end it. */
  connect: () => () => void;
  subscribe: (listener: () => void) => () => void;
  state: () => WorkspaceState;
  call: Call;
  /** Each reads what is not loaded yet; failures are thrown as `CallError`. */
  loadMessages: (channel: string) => Promise<void>;
  loadThread: (channel: string, threadTs: string) => Promise<void>;
  loadBookmarks: (channel: string) => Promise<void>;
  openHome: () => Promise<void>;
}

const historyLength = 500;
const retryMs = 1_000;

export function createWorkspace(user: string): Workspace {
  const call = callAs(user);
  const listeners = new Set<() => void>();
  let state = emptyState;
  let loading = 0;
  let waiting: ClientEvent[] = [];

  function set(next: WorkspaceState): void {
    state = next;
    for (const listener of listeners) listener();
  }

  /**
   * Reads something and merges it. Events that come meanwhile wait and are applied on top: an answer made before an
   * event must not undo it.
   */
  async function load<T>(
    read: () => Promise<T>,
    merge: (state: WorkspaceState, result: T) => WorkspaceState,
  ) {
    const generation = state.generation;
    loading += 1;
    try {
      const result = await read();
      if (generation === state.generation) state = merge(state, result);
    } finally {
      loading -= 1;
      if (loading === 0) {
        const events = waiting;
        waiting = [];
        set(events.reduce(applyEvent, state));
      }
    }
  }

  function onEvent(event: ClientEvent): void {
    if (event.type === "hello") {
      waiting = [];
      const generation = state.generation + 1;
      state = { ...state, generation, messages: {}, threads: {}, bookmarks: {}, home: undefined };
      void loadEverything();
    } else if (loading > 0) waiting.push(event);
    else set(applyEvent(state, event));
  }

  function onLost(): void {
    set({ ...state, connection: "lost" });
  }

  async function loadEverything(): Promise<void> {
    const { generation } = state;
    try {
      await load(
        () => Promise.all([call("whoami", {}), call("channels.list", {}), call("views.list", {})]),
        (before, [who, { channels }, { views }]) => ({
          ...before,
          connection: "online",
          who,
          channels,
          views,
        }),
      );
    } catch {
      // The banner says that the workspace is away; a newer connection loads for itself.
      onLost();
      setTimeout(() => generation === state.generation && void loadEverything(), retryMs);
    }
  }

  return {
    connect: () => openEventSocket(user, { event: onEvent, lost: onLost }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    state: () => state,
    call,
    loadMessages: (channel) =>
      load(
        () => call("channel.history", { channel, limit: historyLength }),
        (before, { messages }) => ({ ...before, messages: { ...before.messages, [channel]: messages } }),
      ),
    loadThread: (channel, threadTs) =>
      load(
        () => call("thread.replies", { channel, thread_ts: threadTs }),
        (before, { messages }) => ({
          ...before,
          threads: { ...before.threads, [threadKey(channel, threadTs)]: messages },
        }),
      ),
    loadBookmarks: (channel) =>
      load(
        () => call("channel.bookmarks", { channel }),
        (before, { bookmarks }) => ({ ...before, bookmarks: { ...before.bookmarks, [channel]: bookmarks } }),
      ),
    openHome: () =>
      load(
        () => call("home.open", {}),
        (before, { view }) => ({ ...before, home: view }),
      ),
  };
}

/** What to tell the person about a failed call. */
export function complaintOf(error: unknown): string {
  if (error instanceof CallError) return error.message;
  throw error;
}
