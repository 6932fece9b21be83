import { deployPlan } from "./deploy.ts";
import { startWorld } from "./world.ts";
import type { Figure } from "./figures.ts";
import { diagnoseTimes } from "./diagnose.ts";
import { loadTimes } from "./playbooks.ts";
import { rollbackOnControlPlane, rollbackTimes } from "./rollback.ts";
import { slashToAck } from "./slash-ack.ts";
import { startAndRest } from "./start.ts";
import { webhookToStored } from "./webhook.ts";

// JSON lines on standard output, one a figure; exits 1 when a promise is not met. `npm run bench -- webhook` runs one.
const suites = {
  slash: slashToAck,
  webhook: webhookToStored,
  rollback: rollbackTimes,
  deploy: deployPlan,
  "control-plane": rollbackOnControlPlane,
  start: startAndRest,
  diagnose: diagnoseTimes,
  load: loadTimes,
};
const assets = process.env["KUBEBUILDER_ASSETS"];

const wanted = process.argv.slice(2);
const figures: Figure[] = [];
for (const [name, suite] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const onPlane = name === "control-plane";
  if (onPlane && assets === undefined) {
    console.error("skipped: no control plane (KUBEBUILDER_ASSETS)");
    continue;
  }
  const world = await startWorld(onPlane && assets !== undefined ? { assets } : {});
  try {
    for (const figure of await suite(world)) {
      figures.push(figure);
      console.log(JSON.stringify(figure));
    }
  } finally {
    await world.close();
  }
}
process.exit(figures.every(({ met }) => met) ? 0 : 1);
