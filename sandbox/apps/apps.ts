import { sendJson, urlOf } from "../http.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Part } from "../part.ts";
import type { PracticeApp } from "./practice-apps.ts";

/** What the API says of the model that it has loaded. */
interface ServedModel {
  model: string;
  version: number;
  metrics: Record<string, number>;
}

/**
 * The HTTP side of the practice apps under `/apps/<app>/health` and `/ready`: `/ready` is 200 while a pod is Ready;
 * `/health` also says 503 while a bad release answers for users. `/models/ensemble/metrics` tells of the model.
 */
export function createApps(
  apps: readonly PracticeApp[],
  metrics: Pick<Metrics, "health" | "tick">,
  model: () => ServedModel,
): Part {
  return {
    async handle(req, res) {
      const [, name, check, ...rest] = urlOf(req).pathname.split("/");
      const app = apps.find((candidate) => candidate.name === name && candidate.http);
      const asksModel = name === "api" && [check, ...rest].join("/") === "models/ensemble/metrics";
      if (!app || !(asksModel || (rest.length === 0 && (check === "health" || check === "ready")))) {
        sendJson(res, 404, { status: "not found" });
        return;
      }
      // Read now: who asks right after a rollout must not hear of the pods before it.
      await metrics.tick();
      const health = metrics.health(app.name);
      if (!health || health.ready === 0) {
        sendJson(res, 503, { status: "unavailable", detail: "no pod is ready" });
        return;
      }
      if (asksModel) {
        sendJson(res, 200, model());
        return;
      }
      const degraded = check === "health" && (health.errors > 0 || health.slow > 0);
      sendJson(res, degraded ? 503 : 200, { status: degraded ? "degraded" : "ok", release: health.tag });
    },
    close: () => Promise.resolve(),
  };
}
