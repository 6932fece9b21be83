import { useState } from "react";
import { people } from "../seed.ts";
import { ChannelPage } from "./channel/channel-page.tsx";
import { ThreadPane } from "./channel/thread-pane.tsx";
import { Sidebar } from "./layout/sidebar.tsx";
import { TopBar } from "./layout/top-bar.tsx";
import { PanelProvider } from "./panel/panel-context.tsx";
import { Panel } from "./panel/panel.tsx";
import { usePlace } from "./place.ts";
import { useSelected, WorkspaceProvider } from "./slack/workspace-context.tsx";
import { Boundary } from "./ui/boundary.tsx";
import { Toasts } from "./ui/toasts.tsx";
import { Home } from "./views/home.tsx";
import { Modals } from "./views/modal.tsx";

/** The whole page, as the person its address names. */
export function App() {
  const { as } = usePlace();
  const isKnown = Object.values(people).some((person) => person.slack === as);
  const user = as && isKnown ? as : people.robin.slack;
  return (
    <Toasts>
      <Boundary what="The page">
        <PanelProvider>
          <WorkspaceProvider key={user} user={user}>
            <Desktop />
          </WorkspaceProvider>
        </PanelProvider>
      </Boundary>
    </Toasts>
  );
}

const panelClosedKey = "crai:panel-closed";

function Desktop() {
  const who = useSelected((state) => state.who);
  const connection = useSelected((state) => state.connection);
  const channels = useSelected((state) => state.channels);
  const place = usePlace();
  const [panelOpen, setPanelOpen] = useState(() => localStorage.getItem(panelClosedKey) === null);

  function togglePanel(): void {
    if (panelOpen) localStorage.setItem(panelClosedKey, "yes");
    else localStorage.removeItem(panelClosedKey);
    setPanelOpen(!panelOpen);
  }

  if (!who) {
    return (
      <p className="splash" role="status">
        {connection === "lost"
          ? "The workspace does not answer yet; trying again…"
          : "Opening the workspace…"}
      </p>
    );
  }

  const channel = place.view.kind === "channel" ? place.view.channel : (startChannel(channels) ?? "");
  return (
    <div className={`desktop ${panelOpen ? "with-panel" : ""}`}>
      <TopBar panelOpen={panelOpen} onTogglePanel={togglePanel} />
      <Sidebar current={place.view.kind === "home" ? null : channel} />
      <div className="stage">
        {place.view.kind === "home" ? (
          <Home />
        ) : (
          <ChannelPage key={channel} id={channel} focus={place.message} />
        )}
        {place.thread && place.view.kind === "channel" && (
          <ThreadPane key={`${channel}/${place.thread}`} channel={channel} threadTs={place.thread} />
        )}
      </div>
      {panelOpen && <Panel onClose={togglePanel} />}
      <Modals />
    </div>
  );
}

/** Where incidents are announced, or else the first channel there is. */
function startChannel(channels: { id: string; name: string; is_member: boolean }[]): string | undefined {
  const mine = channels.filter((channel) => channel.is_member);
  return (mine.find((channel) => channel.name === "incidents") ?? mine[0] ?? channels[0])?.id;
}
