import type { Button } from "../../domain/view.ts";
import type { Offer, Resolution } from "./rule.ts";

interface About {
  app: string;
  environment: string;
}

type Kind = Resolution["do"];

/** Words of the command that carries it out, before the environment's, with its button's. */
type Written = (app: string) => Pick<Button, "label" | "command">;

const restart: Written = (app) => ({ label: `Restart ${app}`, command: `restart ${app}` });
const history: Written = (app) => ({ label: `Releases of ${app}`, command: `history ${app}` });

/** Every resolution is a command that plans first: pressing the button changes nothing yet. */
const commands: Readonly<Record<Kind, Written>> = {
  rollback: (app) => ({ label: `Roll back ${app}`, command: `rollback ${app}` }),
  restart,
  "restart-failed": (app) => ({
    label: `Restart failed pods of ${app}`,
    command: `restart ${app} --failed`,
  }),
  "scale-up": (app) => ({ label: `Scale ${app} up`, command: `scale ${app} +1` }),
  "raise-memory": (app) => ({
    label: `Give ${app} half as much memory again`,
    command: `limits ${app} --memory +50%`,
  }),
  "raise-cpu": (app) => ({
    label: `Give ${app} half as much CPU again`,
    command: `limits ${app} --cpu +50%`,
  }),
  "add-nodes": () => ({ label: "Add a node", command: "add-nodes 1" }),
  "end-connections": (app) => ({
    label: "End idle transactions",
    command: `end-connections ${app}`,
  }),
  "slow-queries": (app) => ({ label: "Slow queries", command: `slow-queries ${app}` }),
  "check-config": (app) => ({ label: "Check configuration", command: `check-config ${app}` }),
  "check-model": (app) => ({ label: "Check the model", command: `check-model ${app}` }),
  retrain: (app) => ({ label: "Retrain the model", command: `retrain ${app}` }),
  "rollback-model": (app) => ({ label: "Roll back the model", command: `rollback-model ${app}` }),
  history,
  status: (app) => ({ label: `Status of ${app}`, command: `status ${app}` }),
  analyze: (app) => ({ label: "Analyze the model", command: `analyze-model ${app}` }),
  "restart-other": restart,
  "history-other": history,
};

/** What is offered for another app is offered as for the app itself. */
function offerOf(kind: Kind): Offer {
  if (kind === "restart-other") return "restart";
  return kind === "history-other" ? "history" : kind;
}

export function isOffered({ do: kind }: Resolution, offer: readonly Offer[]): boolean {
  return offer.includes(offerOf(kind));
}

export function buttonOf(resolution: Resolution, about: About): Pick<Button, "label" | "command"> {
  const { label, command } = commands[resolution.do]("app" in resolution ? resolution.app : about.app);
  return { label, command: `${command} --env ${about.environment}` };
}
