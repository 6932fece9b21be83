import type { Fault, FaultMode, FaultySystem } from "../../panel/panel-api.ts";
import { usePanel } from "./panel-context.tsx";
import { PanelSection } from "./panel-section.tsx";

const systems: { system: FaultySystem; name: string }[] = [
  { system: "slack", name: "Slack" },
  { system: "pagerduty", name: "PagerDuty" },
  { system: "kubernetes", name: "API server" },
];

const modes: { mode: FaultMode; label: string }[] = [
  { mode: "ok", label: "OK" },
  { mode: "slow", label: "Slow" },
  { mode: "down", label: "Down" },
];

/** Outages and slowness of the systems crai depends on; the page itself stays up. */
export function FaultSection({ faults }: { faults: Record<FaultySystem, Fault> }) {
  const { send } = usePanel();
  return (
    <PanelSection title="Outages">
      {systems.map(({ system, name }) => (
        <fieldset key={system} className="panel-row fault">
          <legend className="hidden">{name}</legend>
          <span aria-hidden="true">{name}</span>
          <span className="segments segments-small">
            {modes.map(({ mode, label }) => {
              const on = faults[system].mode === mode;
              return (
                <button
                  key={mode}
                  type="button"
                  aria-pressed={on}
                  aria-label={`${name}: ${label}`}
                  className={`segment ${on ? `segment-on segment-${mode}` : ""}`}
                  onClick={() => void send({ command: "fault", system, mode })}
                >
                  {label}
                </button>
              );
            })}
          </span>
        </fieldset>
      ))}
    </PanelSection>
  );
}
