import { Guide } from "../guide/guide.tsx";
import { AlertSection } from "./alert-section.tsx";
import { ClusterSection } from "./cluster-section.tsx";
import { CraiSection } from "./crai-section.tsx";
import { FaultSection } from "./fault-section.tsx";
import { MetricsSection } from "./metrics-section.tsx";
import { PagerSection } from "./pager-section.tsx";
import { usePanel } from "./panel-context.tsx";
import { ReleaseSection } from "./release-section.tsx";

/** Everything outside Slack that a person can break, and see break. */
export function Panel({ onClose }: { onClose: () => void }) {
  const { state } = usePanel();
  return (
    <aside className="panel" id="panel" aria-label="Break things">
      <header className="panel-header">
        <h2>Break things</h2>
        <span>Practice system, nothing real</span>
        <button type="button" className="icon-button" aria-label="Close panel" onClick={onClose}>
          ✕
        </button>
      </header>
      <div className="panel-scroller">
        <Guide />
        {state ? (
          <>
            <MetricsSection metrics={state.metrics} />
            <ReleaseSection releases={state.releases} />
            <CraiSection crai={state.crai} />
            <FaultSection faults={state.faults} />
            <AlertSection alerts={state.alerts} count={state.alertCount} />
            <PagerSection incidents={state.pagerIncidents} />
            <ClusterSection cluster={state.cluster} />
          </>
        ) : (
          <p className="empty" role="status">
            Waiting for the practice system…
          </p>
        )}
      </div>
    </aside>
  );
}
