import { z } from "zod";
import type { Button } from "../../domain/view.ts";
import type { Resolution } from "./rule.ts";

interface About {
  app: string;
  environment: string;
}

type Kind = Resolution["do"];

/** Every resolution is a command that plans first: pressing the button changes nothing yet. */
const commands: Readonly<Record<Kind, (about: About) => Pick<Button, "label" | "command">>> = {
  rollback: ({ app, environment }) => ({
    label: `Roll back ${app}`,
    command: `rollback ${app} --env ${environment}`,
  }),
  restart: ({ app, environment }) => ({
    label: `Restart ${app}`,
    command: `restart ${app} --env ${environment}`,
  }),
  "scale-up": ({ app, environment }) => ({
    label: `Scale ${app} up`,
    command: `scale ${app} +1 --env ${environment}`,
  }),
  history: ({ app, environment }) => ({
    label: `Releases of ${app}`,
    command: `history ${app} --env ${environment}`,
  }),
  status: ({ app, environment }) => ({
    label: `Status of ${app}`,
    command: `status ${app} --env ${environment}`,
  }),
  analyze: ({ app, environment }) => ({
    label: "Analyze the model",
    command: `analyze-model ${app} --env ${environment}`,
  }),
  "end-connections": ({ app, environment }) => ({
    label: "End idle connections",
    command: `end-connections ${app} --env ${environment}`,
  }),
  "slow-queries": ({ app, environment }) => ({
    label: "Slow queries",
    command: `slow-queries ${app} --env ${environment}`,
  }),
  "check-config": ({ app, environment }) => ({
    label: "Check configuration",
    command: `check-config ${app} --env ${environment}`,
  }),
  "check-model": ({ app, environment }) => ({
    label: "Check the model",
    command: `check-model ${app} --env ${environment}`,
  }),
  "rollback-model": ({ app, environment }) => ({
    label: "Roll back the model",
    command: `rollback-model ${app} --env ${environment}`,
  }),
  retrain: ({ app, environment }) => ({
    label: "Retrain the model",
    command: `retrain ${app} --env ${environment}`,
  }),
  "restart-other": ({ app, environment }) => ({
    label: `Restart ${app}`,
    command: `restart ${app} --env ${environment}`,
  }),
  "history-other": ({ app, environment }) => ({
    label: `Releases of ${app}`,
    command: `history ${app} --env ${environment}`,
  }),
};

/** Words by which a playbook says what may be offered. */
export const offers = [
  "rollback",
  "restart",
  "scale-up",
  "analyze",
  "history",
  "status",
  "end-connections",
  "slow-queries",
  "check-config",
  "check-model",
  "rollback-model",
  "retrain",
] as const;
export const Offer = z.enum(offers);
export type Offer = z.infer<typeof Offer>;

const offerOf: Readonly<Record<Kind, Offer>> = {
  rollback: "rollback",
  restart: "restart",
  "scale-up": "scale-up",
  analyze: "analyze",
  history: "history",
  status: "status",
  "end-connections": "end-connections",
  "slow-queries": "slow-queries",
  "check-config": "check-config",
  "check-model": "check-model",
  "rollback-model": "rollback-model",
  retrain: "retrain",
  "restart-other": "restart",
  "history-other": "history",
};

export function isOffered({ do: kind }: Resolution, offer: readonly Offer[]): boolean {
  return offer.includes(offerOf[kind]);
}

export function buttonOf(resolution: Resolution, about: About): Pick<Button, "label" | "command"> {
  const app = "app" in resolution ? resolution.app : about.app;
  return commands[resolution.do]({ ...about, app });
}
