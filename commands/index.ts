import type { Command } from "../src/engine/commands/command.ts";
import { ack } from "./ack.ts";
import { answer } from "./answer.ts";
import { approve } from "./approve.ts";
import { diagnose } from "./diagnose.ts";
import { dashboard } from "./dashboard.ts";
import { declare } from "./declare.ts";
import { deny } from "./deny.ts";
import { docs } from "./docs.ts";
import { doctor } from "./doctor.ts";
import { escalate } from "./escalate.ts";
import { exportPostMortem } from "./export.ts";
import { helpFor } from "./help.ts";
import { history } from "./history.ts";
import { incident } from "./incident.ts";
import { locks } from "./locks.ts";
import { maintenance } from "./maintenance.ts";
import { metrics } from "./metrics.ts";
import { mitigate } from "./mitigate.ts";
import { note } from "./note.ts";
import { oncall } from "./oncall.ts";
import { playbooks } from "./playbooks.ts";
import { preflight } from "./preflight.ts";
import { reopen } from "./reopen.ts";
import { resolve } from "./resolve.ts";
import { restart } from "./restart.ts";
import { rollback } from "./rollback.ts";
import { runs } from "./runs.ts";
import { status } from "./status.ts";
import { stop } from "./stop.ts";
import { take } from "./take.ts";
import { timeline } from "./timeline.ts";
import { tick } from "./tick.ts";
import { undo } from "./undo.ts";
import { whoami } from "./whoami.ts";

/** Every subcommand, in the order `help` prints them. */
const catalogue: Command[] = [
  rollback,
  restart,
  undo,
  diagnose,
  status,
  metrics,
  dashboard,
  history,
  preflight,
  runs,
  stop,
  approve,
  deny,
  answer,
  tick,
  locks,
  declare,
  incident,
  ack,
  escalate,
  take,
  mitigate,
  resolve,
  reopen,
  note,
  timeline,
  exportPostMortem,
  oncall,
  docs,
  whoami,
  maintenance,
  playbooks,
  doctor,
];

export const commands: readonly Command[] = [...catalogue, helpFor(catalogue)];
