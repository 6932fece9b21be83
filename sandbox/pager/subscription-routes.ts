import { randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import { invalid, notFound, page, parse, type RouteContext, type Routes } from "./rest.ts";
import type { Subscription } from "./webhooks.ts";

const headers = z.array(z.object({ name: z.string(), value: z.string() }));

const filter = z.object({
  type: z.enum(["account_reference", "service_reference", "team_reference"]),
  id: z.string().optional(),
});

const NewSubscription = z.object({
  webhook_subscription: z.object({
    type: z.literal("webhook_subscription"),
    delivery_method: z.object({
      type: z.literal("http_delivery_method"),
      url: z.url(),
      custom_headers: headers.optional(),
    }),
    description: z.string().optional(),
    events: z.array(z.string()).min(1, "At least one event is needed."),
    filter,
  }),
});

const ChangedSubscription = z.object({
  webhook_subscription: z.object({
    description: z.string().optional(),
    events: z.array(z.string()).min(1).optional(),
    filter: filter.optional(),
    active: z.boolean().optional(),
  }),
});

export function createSubscriptionRoutes({ webhooks, clock }: RouteContext): Routes {
  function find(id: string): Subscription {
    const subscription = webhooks.subscriptions.get(id);
    if (!subscription) throw notFound();
    return subscription;
  }

  /** The secret is told once, in the answer to the creation. */
  function shape(subscription: Subscription, secret: string | null = null) {
    return {
      id: subscription.id,
      type: "webhook_subscription",
      active: subscription.active,
      description: subscription.description,
      delivery_method: {
        id: `${subscription.id}D`,
        type: "http_delivery_method",
        url: subscription.url,
        secret,
        temporarily_disabled: !webhooks.enabled(subscription) && subscription.active,
        custom_headers: subscription.customHeaders.map(({ name }) => ({ name, value: "<redacted>" })),
      },
      events: subscription.events,
      filter: subscription.filter,
    };
  }

  return {
    "GET /webhook_subscriptions": (call) => ({
      status: 200,
      body: page(
        call.query,
        "webhook_subscriptions",
        [...webhooks.subscriptions.values()].map((item) => shape(item)),
      ),
    }),

    "POST /webhook_subscriptions": async (call) => {
      const { webhook_subscription: given } = await parse(call, NewSubscription);
      const secret = randomBytes(48).toString("base64");
      const created = webhooks.subscribe({
        url: given.delivery_method.url,
        secrets: [secret],
        description: given.description ?? "",
        events: given.events,
        filter: filterOf(given.filter),
        customHeaders: given.delivery_method.custom_headers ?? [],
      });
      return { status: 200, body: { webhook_subscription: shape(created, secret) } };
    },

    "GET /webhook_subscriptions/[]": (_call, [id]) => ({
      status: 200,
      body: { webhook_subscription: shape(find(id!)) },
    }),

    "PUT /webhook_subscriptions/[]": async (call, [id]) => {
      const { webhook_subscription: given } = await parse(call, ChangedSubscription);
      const subscription = find(id!);
      if (given.filter) subscription.filter = filterOf(given.filter);
      if (given.description !== undefined) subscription.description = given.description;
      if (given.events) subscription.events = given.events;
      if (given.active !== undefined) subscription.active = given.active;
      return { status: 200, body: { webhook_subscription: shape(subscription) } };
    },

    "DELETE /webhook_subscriptions/[]": (_call, [id]) => {
      if (!webhooks.remove(id!)) throw notFound();
      return { status: 204 };
    },

    "POST /webhook_subscriptions/[]/enable": (_call, [id]) => {
      const subscription = find(id!);
      webhooks.enable(subscription);
      return { status: 200, body: { webhook_subscription: shape(subscription) } };
    },

    "POST /webhook_subscriptions/[]/ping": (_call, [id]) => {
      webhooks.ping(find(id!), {
        type: "pagey.ping",
        resource: `ping ${randomUUID()}`,
        service: null,
        body: {
          event: {
            id: randomUUID(),
            event_type: "pagey.ping",
            resource_type: "pagey",
            occurred_at: new Date(clock()).toISOString(),
            agent: null,
            client: null,
            data: { message: "Hello from your friend Pagey!", type: "ping" },
          },
        } as { event: { id: string } },
      });
      return { status: 202 };
    },
  };
}

function filterOf(given: z.infer<typeof filter>): Subscription["filter"] {
  if (given.type === "account_reference") return { type: given.type };
  if (given.id === undefined) throw invalid("Filter needs an id.");
  // The sandbox's account has one team, which owns every service.
  if (given.type === "team_reference") return { type: "account_reference" };
  return { type: given.type, id: given.id };
}
