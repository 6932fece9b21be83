import { cluster } from "../../seed.ts";
import { Icon } from "../ui/icons.tsx";
import { useToast } from "../ui/toasts.tsx";
import { PanelSection } from "./panel-section.tsx";
import { usePanel } from "./panel-context.tsx";

/** How to look at the practice cluster with the real kubectl, and how to set everything right again. */
export function ClusterSection() {
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
