import type { Cluster } from "../cluster/server.ts";
import type { Pager } from "../pager/pager.ts";
import type { SlackWorkspace } from "../slack/workspace.ts";
import type { FaultControl } from "./commands.ts";
import type { Fault, FaultySystem } from "./panel-api.ts";

interface Settings {
  down: boolean;
  delayMs: number;
}

function control(read: () => Settings, write: (settings: Settings) => void): FaultControl {
  return {
    get(): Fault {
      const { down, delayMs } = read();
      if (down) return { mode: "down", delayMs: 0 };
      return { mode: delayMs > 0 ? "slow" : "ok", delayMs };
    },
    set: ({ mode, delayMs }) => write({ down: mode === "down", delayMs: mode === "slow" ? delayMs : 0 }),
  };
}

/** The panel's one way of breaking three systems that each have more ways of their own. */
export function systemFaults(parts: {
  slack: Pick<SlackWorkspace, "faults">;
  pager: Pick<Pager, "faults">;
  cluster: Pick<Cluster, "faults">;
}): Record<FaultySystem, FaultControl> {
  const { slack, pager, cluster } = parts;
  return {
    slack: control(
      () => slack.faults.get(),
      (settings) => slack.faults.set(settings),
    ),
    pagerduty: control(
      () => pager.faults.current,
      (settings) => pager.faults.set(settings),
    ),
    kubernetes: control(
      () => cluster.faults.current,
      (settings) => cluster.faults.set(settings),
    ),
  };
}
