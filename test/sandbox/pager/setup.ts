import { onTestFinished } from "vitest";
import { listen } from "../../../sandbox/one-port.ts";
import { createPager, type PagerOptions } from "../../../sandbox/pager/pager.ts";
import { pager as seed, people } from "../../../sandbox/seed.ts";

export interface Reply {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON, else the text. */
  body: never;
}

/** A pager on a port of its own, gone with the test, and a client that speaks its REST API. */
export async function startPager(options: Omit<PagerOptions, "origin"> = {}) {
  const web = await listen(0);
  const pager = createPager({ origin: () => web.origin, ...options });
  web.mount("/pager", pager);
  onTestFinished(() => web.close());
  const url = `${web.origin}/pager`;

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Token token=${seed.apiToken}`,
        accept: "application/vnd.pagerduty+json;version=2",
        "content-type": "application/json",
        from: people.robin.email,
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as never,
    };
  }

  return { pager, url, call };
}

export const newIncident = (title: string, more: object = {}) => ({
  incident: { type: "incident", title, service: { id: seed.service.id, type: "service_reference" }, ...more },
});
