import { useEffect } from "react";
import { Blocks } from "../blocks/blocks.tsx";
import { LocalSurface } from "../blocks/surface.tsx";
import { goTo } from "../place.ts";
import { useAttempt, useWho, useWorkspace, useSelected } from "../slack/workspace-context.tsx";
import { Avatar } from "../ui/avatar.tsx";

/** The app's Home tab. */
export function Home() {
  const workspace = useWorkspace();
  const home = useSelected((state) => state.home);
  const generation = useSelected((state) => state.generation);
  const { app } = useWho();
  const attempt = useAttempt();

  // Not only when it is missing: the app hears of each visit.
  useEffect(() => {
    if (generation > 0) void attempt(workspace.openHome);
  }, [workspace, generation, attempt]);

  async function openMessages(): Promise<void> {
    await attempt(async () => {
      const { channel } = await workspace.call("im.open", { user: app.user });
      goTo({ view: { kind: "channel", channel: channel.id } });
    });
  }

  return (
    <main className="channel" aria-label={`${app.name}, app home`}>
      <header className="channel-header">
        <h1 className="channel-title">
          <Avatar id={app.user} name={app.name} isBot size="small" />
          {app.name}
        </h1>
      </header>
      <nav className="tabs" aria-label={app.name}>
        <button type="button" className="tab tab-current" aria-current="page">
          Home
        </button>
        <button type="button" className="tab" onClick={() => void openMessages()}>
          Messages
        </button>
      </nav>
      <div className="home">
        {home ? (
          <LocalSurface key={home.id} container={{ type: "view", view_id: home.id }} blocks={home.blocks}>
            <Blocks blocks={home.blocks} />
          </LocalSurface>
        ) : (
          <p className="empty">
            {home === null ? `${app.name} has not published its Home tab yet.` : "Loading…"}
          </p>
        )}
      </div>
    </main>
  );
}
