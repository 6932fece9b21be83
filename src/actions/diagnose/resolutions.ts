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
export const offers = ["rollback", "restart", "scale-up", "analyze", "history", "status"] as const;
export const Offer = z.enum(offers);
export type Offer = z.infer<typeof Offer>;

const offerOf: Readonly<Record<Kind, Offer>> = {
  rollback: "rollback",
  restart: "restart",
  "scale-up": "scale-up",
  analyze: "analyze",
  history: "history",
  status: "status",
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
