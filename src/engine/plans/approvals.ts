import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import type { Database } from "../../store/database.ts";
import type { StoredPlan } from "../../store/plans.ts";
import type { Authorizer } from "../authorizer.ts";
import { createApprove, type Decision } from "./approve.ts";
import { createAsk } from "./ask.ts";
import { createDeny } from "./deny.ts";
import { type Answer, createJudge } from "./judge-yes.ts";
import { createNeed, type NeedOf } from "./need.ts";
import type { Planner } from "./planner.ts";
import { createExpiry } from "./settle.ts";
import { createStart, type StartOptions } from "./start-run.ts";

export interface Approvals {
  /** Who has to say yes to this plan, at this moment. */
  need: NeedOf;
  /** A yes: of the requester, of a second person, or with the glass broken. */
  approve(answer: Answer): Promise<Decision>;
  deny(answer: Omit<Answer, "breakGlass">): Promise<StoredPlan>;
  /** A plan was shown to people: from here on break-glass counts. */
  asked(stored: StoredPlan): Promise<void>;
  expire(plan: number): Promise<StoredPlan | undefined>;
}

export interface ApprovalsOptions extends StartOptions {
  db: Database;
  config: Pick<Config, "apps" | "deadlines" | "slack">;
  planner: Planner;
  authorizer: Authorizer;
  now: Clock;
}

/** What people answer to plans. Each verb has its file; the rules of who may are in need.ts and judge-yes.ts. */
export function createApprovals(options: ApprovalsOptions): Approvals {
  const { db, config, planner, authorizer, now } = options;
  const need = createNeed(options);
  const expiry = createExpiry(options);
  const judge = createJudge({ config, authorizer, need, now });
  const start = createStart(options);
  return {
    need,
    approve: createApprove({ db, planner, authorizer, expiry, need, judge, start, now }),
    deny: createDeny({ db, authorizer, expiry, now }),
    asked: createAsk({ db, config, now }),
    expire: (plan) => expiry.expire(plan),
  };
}
