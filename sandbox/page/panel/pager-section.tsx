import type { PagerIncident } from "../../panel/panel-api.ts";
import { useWho } from "../slack/workspace-context.tsx";
import { usePanel } from "./panel-context.tsx";
import { PanelSection } from "./panel-section.tsx";

const tones = { triggered: "bad", acknowledged: "waiting", resolved: "good" } as const;

/** The pager as a responder sees it on the phone. */
export function PagerSection({ incidents }: { incidents: PagerIncident[] }) {
  const open = incidents.filter((incident) => incident.status !== "resolved").length;
  return (
    <PanelSection title="Pager" aside={`${open} open`}>
      {incidents.length === 0 && <p className="panel-note">Nobody has been paged.</p>}
      {incidents.slice(0, 6).map((incident) => (
        <PagerCard key={incident.id} incident={incident} />
      ))}
    </PanelSection>
  );
}

function PagerCard({ incident }: { incident: PagerIncident }) {
  const { send } = usePanel();
  const { user } = useWho();
  const { id, status } = incident;
  const last = incident.notes.at(-1);
  return (
    <article
      className={`pager-card ${status === "resolved" ? "pager-resolved" : ""}`}
      aria-label={incident.title}
    >
      <p className="pager-title">
        <i className={`dot dot-${tones[status]}`} />#{incident.number} {incident.title}
      </p>
      <p className="panel-note">
        {status}
        {incident.assignees.length > 0 && ` · ${incident.assignees.join(", ")}`} · {incident.service}
      </p>
      {last && <p className="panel-note">“{last.text}”</p>}
      {status !== "resolved" && (
        <div className="pager-buttons">
          {status === "triggered" && (
            <button
              type="button"
              className="button button-plain button-small"
              onClick={() => void send({ command: "acknowledge-incident", incident: id, person: user.id })}
            >
              Acknowledge
            </button>
          )}
          <button
            type="button"
            className="button button-plain button-small"
            onClick={() => void send({ command: "resolve-incident", incident: id, person: user.id })}
          >
            Resolve
          </button>
        </div>
      )}
    </article>
  );
}
