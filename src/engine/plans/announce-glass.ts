import { actorName } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import type { Inline } from "../../domain/view.ts";
import type { Queries } from "../../store/database.ts";
import { incidentByNumber } from "../../store/incidents.ts";
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
    const here = placeOf(plan.incident, stored.channel, announce);
    const places = new Map<string, ChannelRef>();
    for (const place of [here, announce === undefined ? null : { id: announce }])
      if (place !== null) places.set(JSON.stringify(place), place);
    const summary = `${actorName(yes.actor)} broke the glass for P${number}: ${plan.title}`;
    const where = here === null ? null : await channelOf(trx, here);
    for (const [name, channel] of places) {
      const pointer: Inline[] = channel === here || where === null ? [] : [" See ", where, "."];
      const text = [...glassText(yes), ` R${run} runs without a second yes: ${plan.title}.`, ...pointer];
      await say(
        trx,
        { key: `plan:${number}:glass-broken:${name}`, about: plan.incident },
        { do: "post", channel, view: { summary, blocks: [{ type: "text", text }] } },
        now(),
      );
    }
  };
}

/** The place as people are pointed to it; null: an incident's channel that is not open yet. */
async function channelOf(db: Queries, place: ChannelRef): Promise<Inline | null> {
  if ("id" in place) return { channel: place.id, name: "its channel" };
  const incident = await incidentByNumber(db, place.incident);
  return incident?.channel == null ? null : { channel: incident.channel, name: incident.channelName };
}
