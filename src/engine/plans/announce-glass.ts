import { actorName } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import type { View } from "../../domain/view.ts";
import type { Queries } from "../../store/database.ts";
import type { StoredPlan } from "../../store/plans.ts";
import type { ChannelRef } from "../ports.ts";
import { placeOf, say } from "../record.ts";
import { type GivenYes, glassText } from "./yes-text.ts";

interface Broken {
  stored: StoredPlan;
  run: number;
  yes: GivenYes;
}

/** A broken glass is for everybody to read: where the plan stands, and where outages are announced. */
export function createAnnounceGlass({ config, now }: { config: Pick<Config, "slack">; now: Clock }) {
  const { announce } = config.slack;

  return async (trx: Queries, { stored, run, yes }: Broken): Promise<void> => {
    const { plan, number } = stored;
    const text = [...glassText(yes), ` R${run} runs without a second yes: ${plan.title}.`];
    const view: View = {
      summary: `${actorName(yes.actor)} broke the glass for P${number}: ${plan.title}`,
      blocks: [{ type: "text", text: [{ bold: "Glass broken." }, " ", ...text] }],
    };
    const here = placeOf(plan.incident, stored.channel, announce);
    const places = new Map<string, ChannelRef>();
    for (const place of [here, announce === undefined ? null : { id: announce }])
      if (place !== null) places.set(JSON.stringify(place), place);
    for (const [name, channel] of places)
      await say(
        trx,
        { key: `plan:${number}:glass-broken:${name}`, about: plan.incident },
        { do: "post", channel, view },
        now(),
      );
  };
}
