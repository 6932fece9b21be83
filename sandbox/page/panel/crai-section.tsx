import type { CraiStatus } from "../../panel/panel-api.ts";
import { usePanel } from "./panel-context.tsx";
import { PanelSection } from "./panel-section.tsx";

const words: Record<CraiStatus["state"], { text: string; tone: "good" | "waiting" | "bad" }> = {
  ready: { text: "Running", tone: "good" },
  starting: { text: "Starting", tone: "waiting" },
  "waiting-to-restart": { text: "Waiting to restart", tone: "waiting" },
  stopped: { text: "Stopped", tone: "bad" },
  absent: { text: "Not here", tone: "bad" },
};

/** The one process that is not part of the sandbox, and how to kill it. */
export function CraiSection({ crai }: { crai: CraiStatus }) {
  const { send } = usePanel();
  const { text, tone } = words[crai.state];
  const runs = crai.state === "ready" || crai.state === "starting";
  return (
    <PanelSection title="crai">
      <div className="panel-row">
        <span className="status">
          <i className={`dot dot-${tone}`} />
          <strong>{text}</strong>
          {crai.pid !== null && <span>pid {crai.pid}</span>}
          <span>{crai.restarts === 1 ? "1 restart" : `${crai.restarts} restarts`}</span>
        </span>
        {runs && (
          <button
            type="button"
            className="button button-plain button-small"
            onClick={() => void send({ command: "kill-crai" })}
          >
            kill -9
          </button>
        )}
        {crai.state === "stopped" && (
          <button
            type="button"
            className="button button-plain button-small"
            onClick={() => void send({ command: "start-crai" })}
          >
            Start
          </button>
        )}
      </div>
      {crai.reason && <p className="panel-note">{crai.reason}</p>}
    </PanelSection>
  );
}
