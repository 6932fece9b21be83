import type { Seen } from "./seen.ts";

/** What people complain of, by the word they type. */
export const symptoms = {
  "high-error-rate": "a high error rate",
  "high-latency": "high latency",
  "model-degradation": "a model that has become worse",
  "resource-exhaustion": "exhausted resources",
} as const;
export type Symptom = keyof typeof symptoms;

export interface Facts {
  seen: Seen;
  app: string;
  /** The app's workload. */
  workload: string;
  now: Date;
}

/** What may help with the app itself, by the words a playbook offers it with. */
export const offers = [
  "rollback",
  "restart",
  "restart-failed",
  "scale-up",
  "raise-memory",
  "raise-cpu",
  "add-nodes",
  "end-connections",
  "slow-queries",
  "check-config",
  "check-model",
  "rollback-model",
  "retrain",
  "analyze",
  "history",
  "status",
] as const;
export type Offer = (typeof offers)[number];

/** What may help, each by a command that shows its plan first. */
export type Resolution =
  | { do: Offer }
  /** Another app of the environment that is the trouble. */
  | { do: "restart-other" | "history-other"; app: string };

export interface Match {
  /** One sentence. */
  what: string;
  evidence: string[];
  /** 0 to 1: how strong the evidence is. */
  weight: number;
  resolutions: Resolution[];
}

/** Evidence → finding. `fits`: how well the finding would explain each symptom, 0 to 1. */
export interface Rule {
  id: string;
  fits: Readonly<Record<Symptom, number>>;
  match(facts: Facts): Match | null;
}

/** In the order of `symptoms`. */
export function fits(errors: number, latency: number, model: number, resources: number): Rule["fits"] {
  return {
    "high-error-rate": errors,
    "high-latency": latency,
    "model-degradation": model,
    "resource-exhaustion": resources,
  };
}
