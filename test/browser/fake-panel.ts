import type { ServerResponse } from "node:http";
import { readBody } from "../../sandbox/slack/http.ts";
import type { PanelCommand, PanelState } from "../../sandbox/panel/panel-api.ts";
import type { Part } from "../../sandbox/part.ts";

export interface FakePanel extends Part {
  /** Tells every open page. */
  show: (change: Partial<PanelState>) => void;
  /** What pages have sent so far. */
  commands: PanelCommand[];
}

/** The panel's API with a state the test decides, so that the page can be tested without a cluster and a pager. */
export function fakePanel(): FakePanel {
  const streams = new Set<ServerResponse>();
  const commands: PanelCommand[] = [];
  let state = quiet;

  function send(stream: ServerResponse): void {
    stream.write(`event: state\ndata: ${JSON.stringify(state)}\n\n`);
  }

  return {
    commands,
    show(change) {
      state = { ...state, ...change };
      for (const stream of streams) send(stream);
    },
    async handle(req, res) {
      if (req.url === "/events") {
        res.writeHead(200, { "content-type": "text/event-stream" });
        streams.add(res);
        res.on("close", () => streams.delete(res));
        return send(res);
      }
      const command = JSON.parse((await readBody(req)).toString("utf8")) as PanelCommand;
      commands.push(command);
      res.writeHead(200, { "content-type": "application/json" });
      res.end(JSON.stringify({ ok: true, message: `Done: ${command.command}.` }));
    },
    close() {
      for (const stream of streams) stream.end();
      return Promise.resolve();
    },
  };
}

const ok = { mode: "ok", delayMs: 0 } as const;

/** Everything runs and nothing burns. */
const quiet: PanelState = {
  crai: { state: "ready", pid: 4242, restarts: 0, since: "2026-11-22T12:00:00Z", reason: null },
  releases: [{ app: "api", tag: "v1.1.9", kind: "good", ready: 3, desired: 3 }],
  faults: { slack: ok, pagerduty: ok, kubernetes: ok },
  metrics: [
    {
      app: "api",
      now: { errorRate: 0.002, p95Ms: 180, requestsPerSecond: 120, cpuCores: 1, memoryBytes: 1 },
      history: [],
    },
  ],
  cluster: {
    nodes: [{ name: "practice-node-1", cordoned: false }],
    metricsApi: "serving",
    imagePolicy: false,
  },
  pagerIncidents: [],
  alerts: [],
  alertCount: 0,
};
