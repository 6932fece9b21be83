import { parseISO } from "date-fns/parseISO";
import { z } from "zod";
import { UserError } from "../../domain/errors.ts";
import type { OnCallPerson, Pager, PagerIncident } from "../../engine/ports.ts";
import { type PagerClient, PagerRefusal } from "./client.ts";

const OnCalls = z.object({
  more: z.boolean().nullish(),
  oncalls: z.array(
    z.object({
      end: z.string().nullish(),
      user: z.object({
        id: z.string(),
        summary: z.string().nullish(),
        name: z.string().nullish(),
        email: z.string().nullish(),
      }),
    }),
  ),
});
const Incident = z.object({
  id: z.string(),
  title: z.string(),
  status: z.enum(["triggered", "acknowledged", "resolved"]),
  html_url: z.string(),
  service: z.object({ id: z.string() }).nullish(),
});
const Abilities = z.object({ abilities: z.array(z.string()) }).or(z.object({}).loose());

/** The largest page that PagerDuty gives. */
const PAGE = 100;

function toIncident({ id, title, status, html_url: url, service }: z.infer<typeof Incident>): PagerIncident {
  return { id, title, status, service: service?.id ?? null, url };
}

export function createPager(client: PagerClient): Pager {
  /** A schedule in several escalation policies is there once for each of their levels. */
  async function onCallFrom(schedule: string, offset: number): Promise<OnCallPerson[]> {
    const { oncalls, more } = await client.call(OnCalls, {
      path: "/oncalls",
      query: {
        "schedule_ids[]": [schedule],
        "include[]": ["users"],
        limit: String(PAGE),
        offset: String(offset),
      },
    });
    const people = oncalls.map(({ user, end }) => ({
      pagerdutyUser: user.id,
      name: user.name ?? user.summary ?? user.id,
      email: user.email ?? null,
      until: end ? parseISO(end) : null,
    }));
    return more === true ? [...people, ...(await onCallFrom(schedule, offset + PAGE))] : people;
  }

  return {
    async onCall(schedule) {
      try {
        const people = await onCallFrom(schedule, 0);
        return [...new Map(people.map((person) => [person.pagerdutyUser, person])).values()];
      } catch (error) {
        if (error instanceof PagerRefusal && error.status === 404) return null;
        throw error;
      }
    },

    async incident(id) {
      try {
        const { incident } = await client.call(z.object({ incident: Incident }), {
          path: `/incidents/${encodeURIComponent(id)}`,
        });
        return toIncident(incident);
      } catch (error) {
        if (error instanceof PagerRefusal && error.status === 404) return null;
        throw error;
      }
    },

    async openIncidents(services) {
      if (services.length === 0) return [];
      const query = {
        "service_ids[]": [...services],
        "statuses[]": ["triggered", "acknowledged"],
        limit: "100",
      };
      const { incidents } = await client.call(z.object({ incidents: z.array(Incident) }), {
        path: "/incidents",
        query,
      });
      return incidents.map(toIncident);
    },

    async check() {
      try {
        await client.call(Abilities, { path: "/abilities" });
        return "PagerDuty answers";
      } catch (error) {
        throw new UserError("PagerDuty does not answer as it should", {
          why: error instanceof Error ? error.message : String(error),
          next: "Check PAGERDUTY_TOKEN (Integrations → API Access Keys) and PAGERDUTY_API_URL.",
          cause: error,
        });
      }
    },
  };
}
