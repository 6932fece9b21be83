import type { AppMetrics } from "../../panel/panel-api.ts";
import { PanelSection } from "./panel-section.tsx";
import { Sparkline } from "./sparkline.tsx";

/** Error rate and P95 of the first app over the last two minutes. */
export function MetricsSection({ metrics }: { metrics: AppMetrics[] }) {
  const app = metrics[0];
  if (!app) return null;
  const { errorRate, p95Ms, requestsPerSecond } = app.now;
  return (
    <PanelSection
      title={app.app}
      aside={requestsPerSecond !== null && `${Math.round(requestsPerSecond)} requests/s`}
    >
      <div className="metrics">
        <Sparkline
          label="Error rate"
          value={errorRate === null ? "no data" : `${(errorRate * 100).toFixed(1)} %`}
          points={app.history.map((reading) => reading.errorRate)}
          top={0.1}
          isBad={errorRate !== null && errorRate > 0.01}
        />
        <Sparkline
          label="P95"
          value={p95Ms === null ? "no data" : `${Math.round(p95Ms)} ms`}
          points={app.history.map((reading) => reading.p95Ms)}
          top={500}
          isBad={p95Ms !== null && p95Ms > 500}
        />
      </div>
    </PanelSection>
  );
}
