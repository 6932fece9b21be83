import type { Actor } from "../../domain/actor.ts";
import type { Authorizer } from "../authorizer.ts";
import type { Json } from "../ports.ts";
import type { ContextOptions } from "./action-context.ts";

export interface PlanRequest {
  playbook: string;
  /** What it is about where its inputs do not say so; null: its inputs do, or it is about no one app. */
  app: string | null;
  /** null: the only one there is. */
  environment: string | null;
  /** As typed or as read before; those of type app and environment may be left out where `app` and `environment` are given. */
  inputs: Record<string, Json>;
  actor: Actor;
  incident: number | null;
  reason: string | null;
  channel: string | null;
  /** Its cause: planning again for the same cause finds the same plan. */
  key: string;
}

/** True: only whether it still fits is asked; rights were asked when it was planned, and the cluster has the last word. */
export interface Drift {
  drift?: boolean;
}

export interface PlannerOptions extends ContextOptions {
  authorizer: Authorizer;
}
