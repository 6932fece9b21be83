import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useState,
  useSyncExternalStore,
} from "react";
import type { Bookmark, Channel, Message, User } from "../../slack/client-api.ts";
import { useToast } from "../ui/toasts.tsx";
import { threadKey, type Whoami, type WorkspaceState } from "./state.ts";
import { complaintOf, createWorkspace, type Workspace } from "./workspace.ts";

const WorkspaceContext = createContext<Workspace | null>(null);

/** Connects as one person for as long as it is on the page; give it a `key` to switch person. */
export function WorkspaceProvider({ user, children }: { user: string; children: ReactNode }) {
  const [workspace] = useState(() => createWorkspace(user));
  useEffect(() => workspace.connect(), [workspace]);
  return <WorkspaceContext value={workspace}>{children}</WorkspaceContext>;
}

export function useWorkspace(): Workspace {
  const workspace = use(WorkspaceContext);
  if (!workspace) throw new Error("useWorkspace is used outside WorkspaceProvider");
  return workspace;
}

/** A part of what is known; the component draws again only when that part is another one. */
export function useSelected<T>(select: (state: WorkspaceState) => T): T {
  const workspace = useWorkspace();
  return useSyncExternalStore(workspace.subscribe, () => select(workspace.state()));
}

/** Who the person is and who else is there; only below the point where it is known to be loaded. */
export function useWho(): Whoami {
  const who = useSelected((state) => state.who);
  if (!who) throw new Error("useWho is used before the workspace is loaded");
  return who;
}

export function useChannel(id: string): Channel | undefined {
  return useSelected((state) => state.channels.find((channel) => channel.id === id));
}

export function useUser(id: string | undefined): User | undefined {
  return useWho().users.find((user) => user.id === id);
}

/** Runs something that may fail with a `CallError`, shows the person why it did, and answers whether it was done. */
export function useAttempt(): (task: () => Promise<unknown>) => Promise<boolean> {
  const toast = useToast();
  return useCallback(
    async (task) => {
      try {
        await task();
        return true;
      } catch (error) {
        toast(complaintOf(error));
        return false;
      }
    },
    [toast],
  );
}

/** Loads what is missing, again after each reconnect. `load` must stay the same function while it means the same. */
function useLoad(isMissing: boolean, load: () => Promise<void>): void {
  const generation = useSelected((state) => state.generation);
  const attempt = useAttempt();
  useEffect(() => {
    if (isMissing && generation > 0) void attempt(load);
  }, [isMissing, load, generation, attempt]);
}

export function useMessages(channel: string): Message[] | undefined {
  const workspace = useWorkspace();
  const messages = useSelected((state) => state.messages[channel]);
  const load = useCallback(() => workspace.loadMessages(channel), [workspace, channel]);
  useLoad(messages === undefined, load);
  return messages;
}

export function useThread(channel: string, threadTs: string): Message[] | undefined {
  const workspace = useWorkspace();
  const messages = useSelected((state) => state.threads[threadKey(channel, threadTs)]);
  const load = useCallback(() => workspace.loadThread(channel, threadTs), [workspace, channel, threadTs]);
  useLoad(messages === undefined, load);
  return messages;
}

export function useBookmarks(channel: string): Bookmark[] {
  const workspace = useWorkspace();
  const bookmarks = useSelected((state) => state.bookmarks[channel]);
  const load = useCallback(() => workspace.loadBookmarks(channel), [workspace, channel]);
  useLoad(bookmarks === undefined, load);
  return bookmarks ?? [];
}
