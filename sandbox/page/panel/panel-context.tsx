import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import type { PanelCommand, PanelReply, PanelState } from "../../panel/panel-api.ts";
import { useToast } from "../ui/toasts.tsx";

interface PanelConnection {
  /** null: not heard of yet, or lost. */
  state: PanelState | null;
  /** Sends a command, shows what came of it, and answers whether it was done. */
  send: (command: PanelCommand) => Promise<boolean>;
}

const PanelContext = createContext<PanelConnection | null>(null);

/** Follows the state of everything outside crai; the browser reconnects the stream by itself. */
export function PanelProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<PanelState | null>(null);
  const toast = useToast();

  useEffect(() => {
    const source = new EventSource("/panel/events");
    source.addEventListener("state", (event: MessageEvent<string>) =>
      setState(JSON.parse(event.data) as PanelState),
    );
    source.addEventListener("error", () => setState(null));
    return () => source.close();
  }, []);

  const connection = useMemo<PanelConnection>(
    () => ({
      state,
      async send(command) {
        const reply = await post(command);
        toast(reply.message);
        return reply.ok;
      },
    }),
    [state, toast],
  );
  return <PanelContext value={connection}>{children}</PanelContext>;
}

export function usePanel(): PanelConnection {
  const connection = use(PanelContext);
  if (!connection) throw new Error("usePanel is used outside PanelProvider");
  return connection;
}

async function post(command: PanelCommand): Promise<PanelReply> {
  try {
    const response = await fetch("/panel/commands", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(command),
    });
    return (await response.json()) as PanelReply;
  } catch {
    return { ok: false, message: "The sandbox does not answer. Is it still running?" };
  }
}
