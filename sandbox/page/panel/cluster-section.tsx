import type { ClusterState, MetricsApi } from "../../panel/panel-api.ts";
import { cluster } from "../../seed.ts";
import { Icon } from "../ui/icons.tsx";
import { useToast } from "../ui/toasts.tsx";
import { PanelSection } from "./panel-section.tsx";
import { usePanel } from "./panel-context.tsx";

const metricsStates: { state: MetricsApi; label: string }[] = [
  { state: "serving", label: "OK" },
  { state: "unavailable", label: "Down" },
  { state: "absent", label: "None" },
];

/** How to look at the practice cluster with the real kubectl, and how to set everything right again. */
export function ClusterSection({ cluster: now }: { cluster: ClusterState }) {
  const toast = useToast();
  const { send } = usePanel();
  const kubectl = `kubectl --server ${window.location.origin}/k8s -n ${cluster.namespace}`;
  const commands = [`${kubectl} get pods -w`, `${kubectl} rollout history deployment/api-deployment`];

  async function copy(command: string): Promise<void> {
    await navigator.clipboard.writeText(command);
    toast("Copied.");
  }

  return (
    <>
      <PanelSection title="Look with kubectl">
        {commands.map((command) => (
          <div key={command} className="kubectl">
            <code>{command}</code>
            <button
              type="button"
              className="icon-button"
              aria-label={`Copy ${command.slice(kubectl.length + 1)}`}
              onClick={() => void copy(command)}
            >
              <Icon name="copy" />
            </button>
          </div>
        ))}
      </PanelSection>
      <PanelSection title="Cluster">
        <div className="panel-row">
          <span>
            {now.nodes.length} nodes
            {now.nodes.some(({ cordoned }) => cordoned) &&
              `, ${now.nodes.filter(({ cordoned }) => cordoned).length} cordoned`}
          </span>
          <button
            type="button"
            className="button button-plain"
            onClick={() => void send({ command: "add-node" })}
          >
            Add a node
          </button>
        </div>
        <div className="panel-row">
          <span>Model</span>
          <button
            type="button"
            className="button button-plain"
            onClick={() => void send({ command: "ship-model", kind: "bad" })}
          >
            Ship a bad one
          </button>
        </div>
        <div className="panel-row">
          <span>Database</span>
          <button
            type="button"
            className="button button-plain"
            onClick={() => void send({ command: "leak-connections", count: 3 })}
          >
            Leak connections
          </button>
        </div>
        <div className="panel-row">
          <span>Images without a tag</span>
          <button
            type="button"
            className="button button-plain"
            onClick={() => void send({ command: "image-policy", on: !now.imagePolicy })}
          >
            {now.imagePolicy ? "Take them again" : "Refuse them"}
          </button>
        </div>
        <fieldset className="panel-row fault">
          <legend className="hidden">Metrics API</legend>
          <span aria-hidden="true">Metrics API</span>
          <span className="segments segments-small">
            {metricsStates.map(({ state, label }) => (
              <button
                key={state}
                type="button"
                aria-pressed={state === now.metricsApi}
                aria-label={`Metrics API: ${label}`}
                className={`segment ${state === now.metricsApi ? "segment-on" : ""}`}
                onClick={() => void send({ command: "metrics-api", state })}
              >
                {label}
              </button>
            ))}
          </span>
        </fieldset>
      </PanelSection>
      <section className="panel-section">
        <button
          type="button"
          className="button button-plain button-wide"
          onClick={() => void send({ command: "reset" })}
        >
          Set everything right again
        </button>
      </section>
    </>
  );
}
