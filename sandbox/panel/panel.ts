import type { IncomingMessage, ServerResponse } from "node:http";
import { hasImagePolicy } from "../cluster/admission/image-policy.ts";
import type { Store } from "../cluster/store.ts";
import { metricsApi } from "../cluster/usage/availability.ts";
import { BadRequest, readJson, sendJson, sendText, urlOf } from "../http.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Incident } from "../pager/incidents.ts";
import type { Part } from "../part.ts";
import { carryOut, Command, type CommandContext, Refused } from "./commands.ts";
import type { FiringAlert, PagerIncident, PanelReply, PanelState } from "./panel-api.ts";
import { createReadings } from "./readings.ts";

export interface PanelOptions extends CommandContext {
  metrics: Pick<Metrics, "query" | "onTick">;
  /** Range of the rates shown. */
  rate: string;
}

const shownIncidents = 20;
const shownAlerts = 50;
/** Changes within this many milliseconds make one event. */
const bundle = 50;

/** What people break things with, mounted under `/panel`. */
export function createPanel(options: PanelOptions): Part {
  const readings = createReadings(options.metrics, options.rate);
  const streams = new Set<ServerResponse>();
  let pending: NodeJS.Timeout | null = null;

  function state(): PanelState {
    const { faults, pager, alertmanager, crai, releases } = options;
    const alerts = alertmanager.firing();
    return {
      crai: crai.status(),
      releases: releases.all(),
      faults: {
        slack: faults.slack.get(),
        pagerduty: faults.pagerduty.get(),
        kubernetes: faults.kubernetes.get(),
      },
      metrics: readings.all(),
      cluster: clusterState(options.cluster.store),
      pagerIncidents: latest(pager.incidents.all).map(shownIncident),
      alerts: alerts.slice(0, shownAlerts).map(shownAlert),
      alertCount: alerts.length,
    };
  }

  function changed(): void {
    if (streams.size === 0) return;
    pending ??= setTimeout(() => {
      pending = null;
      const event = written(state());
      for (const stream of streams) stream.write(event);
    }, bundle);
  }

  const stops = [
    options.metrics.onTick(changed),
    options.pager.onChange(changed),
    options.alertmanager.onChange(changed),
    options.crai.onChange(changed),
  ];

  function follow(res: ServerResponse): void {
    res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    res.write(written(state()));
    streams.add(res);
    res.on("close", () => streams.delete(res));
  }

  async function command(req: IncomingMessage, res: ServerResponse): Promise<void> {
    function reply(status: number, answer: PanelReply): void {
      sendJson(res, status, answer);
      changed();
    }
    try {
      const parsed = Command.safeParse(await readJson(req));
      if (parsed.success) reply(200, { ok: true, message: await carryOut(parsed.data, options) });
      else
        reply(400, {
          ok: false,
          message: `The panel does not know this command: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; ")}`,
        });
    } catch (error) {
      if (!(error instanceof Refused || error instanceof BadRequest)) throw error;
      reply(error.status, { ok: false, message: error.message });
    }
  }

  return {
    async handle(req, res) {
      switch (`${req.method} ${urlOf(req).pathname}`) {
        case "GET /state":
          return sendJson(res, 200, state());
        case "GET /events":
          return follow(res);
        case "POST /commands":
          return command(req, res);
        default:
          return sendText(res, 404, "The panel has /panel/state, /panel/events and POST /panel/commands.");
      }
    },
    async close() {
      for (const stop of stops) stop();
      readings.close();
      if (pending) clearTimeout(pending);
      for (const stream of streams) stream.end();
    },
  };
}

function clusterState(store: Store): PanelState["cluster"] {
  const nodes = store.list("nodes").map(({ metadata, spec }) => ({
    name: metadata.name,
    cordoned: (spec as { unschedulable?: boolean }).unschedulable === true,
  }));
  return { nodes, metricsApi: metricsApi(store), imagePolicy: hasImagePolicy(store) };
}

function written(state: PanelState): string {
  return `event: state\ndata: ${JSON.stringify(state)}\n\n`;
}

/** Open ones first, then the latest. */
function latest(incidents: readonly Incident[]): Incident[] {
  const open = incidents.filter(({ status }) => status !== "resolved");
  const resolved = incidents.filter(({ status }) => status === "resolved");
  return [...open.toReversed(), ...resolved.toReversed()].slice(0, shownIncidents);
}

function shownIncident(incident: Incident): PagerIncident {
  return {
    id: incident.id,
    number: incident.number,
    title: incident.title,
    status: incident.status,
    urgency: incident.urgency,
    service: incident.service.name,
    assignees: incident.assignees.map(({ user }) => user.name),
    createdAt: new Date(incident.createdAt).toISOString(),
    notes: incident.notes.map(({ at, by, content }) => ({
      at: new Date(at).toISOString(),
      by: by.name,
      text: content,
    })),
  };
}

function shownAlert(alert: ReturnType<CommandContext["alertmanager"]["firing"]>[number]): FiringAlert {
  const { labels, annotations } = alert;
  return {
    fingerprint: alert.fingerprint,
    name: labels["alertname"] ?? "",
    app: labels["app"] ?? "",
    severity: (labels["severity"] ?? "info") as FiringAlert["severity"],
    summary: annotations["summary"] ?? "",
    since: new Date(alert.startsAt).toISOString(),
  };
}
