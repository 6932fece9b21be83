import { addMilliseconds } from "date-fns/addMilliseconds";
import { actorName } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import type { Database, Queries } from "../../store/database.ts";
import { setDeadline } from "../../store/deadlines.ts";
import { markAsked, type StoredPlan } from "../../store/plans.ts";
import { appendEntry } from "../../store/timeline.ts";
import { pageKeys, streamOf, tellPager } from "../record.ts";
import { glassKey, pagedKey } from "./waiting.ts";

export interface AskOptions {
  db: Database;
  config: Pick<Config, "apps" | "deadlines">;
  now: Clock;
}

/** A plan was shown to the people who may say yes: from here on the time to break-glass counts. */
export function createAsk({ db, config, now }: AskOptions) {
  /** A guarded plan must not wait for somebody to look at Slack: its approvers' pager rings at once. */
  async function page(trx: Queries, { plan, number }: StoredPlan): Promise<void> {
    const service = (plan.app === null ? undefined : config.apps[plan.app])?.pagerdutyService;
    if (plan.risk !== "guarded" || service === undefined) return;
    const body = `${actorName(plan.actor)} asks for a second yes to P${number}. Approve or deny it in Slack, or with \`crai approve P${number}\`.`;
    await tellPager(
      trx,
      { key: pagedKey({ number }), about: plan.incident },
      {
        do: "page",
        service,
        to: null,
        title: `Yes or no? ${plan.title}`,
        discreet: "crai needs a second person's yes",
        body,
        dedupKey: `${pageKeys.plan}${number}`,
      },
      now(),
    );
  }

  return async (stored: StoredPlan): Promise<void> => {
    const at = now();
    await db.transaction().execute(async (trx) => {
      if (!(await markAsked(trx, stored.number, at))) return;
      await page(trx, stored);
      await setDeadline(trx, {
        key: glassKey(stored),
        kind: "plan.glass",
        subject: { plan: stored.number },
        dueAt: addMilliseconds(at, config.deadlines.breakGlass),
      });
      await appendEntry(trx, {
        stream: streamOf(stored.plan.incident, stored.number),
        at,
        key: `plan:${stored.number}:asked`,
        actor: stored.plan.actor,
        fact: {
          kind: "approval.asked",
          plan: stored.number,
          risk: stored.plan.risk,
          until: stored.expiresAt.toISOString(),
        },
      });
    });
  };
}
