import { useState } from "react";
import type { FiringAlert } from "../../panel/panel-api.ts";
import { usePanel } from "./panel-context.tsx";
import { PanelSection } from "./panel-section.tsx";

const sizes = [50, 500, 5_000];
const shown = 5;

/** What is firing, and a storm on demand. */
export function AlertSection({ alerts, count }: { alerts: FiringAlert[]; count: number }) {
  const { send } = usePanel();
  const [size, setSize] = useState(500);
  const [firing, setFiring] = useState(false);

  async function storm(): Promise<void> {
    setFiring(true);
    await send({ command: "alert-storm", count: size });
    setFiring(false);
  }

  return (
    <PanelSection title="Alerts" aside={`${count} firing`}>
      {alerts.slice(0, shown).map((alert) => (
        <p key={alert.fingerprint} className="alert-line" title={alert.summary}>
          <i className={`dot dot-${alert.severity === "critical" ? "bad" : "waiting"}`} />
          <span>{alert.name}</span>
          <span className="alert-app">{alert.app}</span>
        </p>
      ))}
      {count > shown && <p className="panel-note">and {count - shown} more</p>}
      <div className="panel-row">
        <select
          className="select"
          aria-label="Alerts in the storm"
          value={size}
          onChange={(event) => setSize(Number(event.target.value))}
        >
          {sizes.map((other) => (
            <option key={other} value={other}>
              {other.toLocaleString("en")} alerts
            </option>
          ))}
        </select>
        <button
          type="button"
          className="button button-plain"
          disabled={firing}
          aria-busy={firing}
          onClick={() => void storm()}
        >
          Fire an alert storm
        </button>
      </div>
    </PanelSection>
  );
}
