import { goTo, usePlace } from "../place.ts";
import { useWho, useSelected } from "../slack/workspace-context.tsx";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icons.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";

/** The dark bar: where one is, whether all is connected, and who one is. */
export function TopBar({ panelOpen, onTogglePanel }: { panelOpen: boolean; onTogglePanel: () => void }) {
  const connection = useSelected((state) => state.connection);
  const { team, app, app_reachable: reachable } = useWho();
  return (
    <header className="top-bar">
      <span className="top-bar-team">{team.name}</span>
      <div className="top-bar-state" role="status">
        {connection === "lost" && <span className="pill pill-warning">Reconnecting to the workspace…</span>}
        {connection === "online" && !reachable && (
          <span className="pill pill-warning">{app.name} is not connected</span>
        )}
      </div>
      <button
        type="button"
        className="top-bar-button"
        aria-expanded={panelOpen}
        aria-controls="panel"
        onClick={onTogglePanel}
      >
        <Icon name="bolt" />
        Break things
      </button>
      <PersonMenu />
    </header>
  );
}

/** Switches between the people of the sandbox, each with their own rights. */
function PersonMenu() {
  const { user, people } = useWho();
  const place = usePlace();
  const other = people.find((person) => person.id !== user.id);
  return (
    <Menu
      label={`You are ${user.real_name}. Switch person`}
      className="top-bar-person"
      align="end"
      trigger={
        <>
          <Avatar id={user.id} name={user.real_name} isBot={false} size="small" />
          {user.real_name}
          <Icon name="chevronDown" />
        </>
      }
    >
      <p className="menu-heading">Act as</p>
      {people.map((person) => (
        <MenuItem
          key={person.id}
          onChoose={() => goTo({ as: person.id, view: place.view, thread: place.thread, message: null })}
        >
          <Avatar id={person.id} name={person.real_name} isBot={false} size="small" />
          <span className="menu-two-lines">
            <strong>{person.real_name}</strong>
            <span>{person.title}</span>
          </span>
          {person.id === user.id && <Icon name="check" />}
        </MenuItem>
      ))}
      <p className="menu-note">
        Two tabs can be two people: open the other with <code>?as={other?.id}</code>.
      </p>
    </Menu>
  );
}
