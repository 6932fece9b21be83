import { useEffect, useState } from "react";
import type { Channel } from "../../slack/client-api.ts";
import { usePanel } from "../panel/panel-context.tsx";
import { goTo, usePlace } from "../place.ts";
import { useSelected } from "../slack/workspace-context.tsx";
import { Icon } from "../ui/icons.tsx";
import { emptyProgress, type Progress, type Sight, ticked } from "./progress.ts";

const key = "crai:guide";

/** The whole story in four lines, each ticked off when it has happened. */
export function Guide() {
  const { send } = usePanel();
  const sight = useSight();
  const [progress, keep] = useState(readProgress);
  const { done, isHidden } = progress;
  const now = ticked(done, sight);
  if (now !== done) keep({ done: now, isHidden });

  useEffect(() => localStorage.setItem(key, JSON.stringify(progress)), [progress]);

  if (isHidden) {
    return (
      <button type="button" className="guide-show" onClick={() => keep({ done, isHidden: false })}>
        Show the guide
      </button>
    );
  }

  const incident = sight.incidentChannel;
  const steps = [
    <>
      Ship a bad release{" "}
      {done === 0 && (
        <button
          type="button"
          className="guide-button"
          onClick={() => void send({ command: "ship-release", kind: "errors" })}
        >
          Ship it
        </button>
      )}
    </>,
    incident ? (
      <>
        Open{" "}
        <button
          type="button"
          className="guide-button"
          onClick={() => goTo({ view: { kind: "channel", channel: incident.id } })}
        >
          #{incident.name}
        </button>
      </>
    ) : (
      "Open the incident channel when it appears on the left"
    ),
    <>
      Press <b>Confirm</b> on its pinned card
    </>,
    <>
      Type <code>/crai resolve</code>, then <code>/crai export</code>
    </>,
  ];

  return (
    <section className="guide" aria-label="Guide">
      <header>
        <h3>{done === steps.length ? "That was a whole incident" : "An incident in four steps"}</h3>
        <button
          type="button"
          className="icon-button"
          aria-label="Hide the guide"
          onClick={() => keep({ done, isHidden: true })}
        >
          ✕
        </button>
      </header>
      <ol>
        {steps.map((step, index) => (
          <li
            key={index}
            className={index < done ? "step-done" : index === done ? "step-now" : ""}
            aria-current={index === done ? "step" : undefined}
          >
            <span className="step-mark" role="img" aria-label={index < done ? "Done" : "To do"}>
              {index < done ? <Icon name="check" /> : index + 1}
            </span>
            <span>{step}</span>
          </li>
        ))}
      </ol>
      {done === steps.length && (
        <p className="panel-note">
          The file is your post-mortem. Next: be somebody without rights (top right), or kill crai during a
          rollback.{" "}
          <button type="button" className="guide-button" onClick={() => keep(emptyProgress)}>
            Start over
          </button>
        </p>
      )}
    </section>
  );
}

/** What can be seen of the story right now. */
function useSight(): Sight & { incidentChannel: Channel | undefined } {
  const { state } = usePanel();
  const channels = useSelected((state) => state.channels);
  const messages = useSelected((state) => state.messages);
  const { view } = usePlace();
  const incidents = channels.filter((channel) => channel.name.startsWith("inc-") && !channel.is_archived);
  const incidentChannel = incidents.sort((a, b) => b.name.localeCompare(a.name, "en", { numeric: true }))[0];
  const open = view.kind === "channel" ? view.channel : null;
  const isOpen = incidents.some((channel) => channel.id === open);
  const shown = isOpen && open !== null ? (messages[open] ?? []) : [];
  return {
    incidentChannel,
    isBad: state ? state.releases.some((release) => release.kind !== "good") : null,
    isIncidentOpen: isOpen,
    hasPostMortem: shown.some((message) => message.files?.some((file) => file.name.endsWith(".md"))),
  };
}

function readProgress(): Progress {
  const stored = localStorage.getItem(key);
  return stored ? (JSON.parse(stored) as Progress) : emptyProgress;
}
