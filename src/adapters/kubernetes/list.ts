import type { JsonObject } from "../../engine/ports.ts";
import type { Api } from "./api.ts";
import { Expired } from "./refusals.ts";
import type { Call } from "./resource-path.ts";
import { List } from "./shapes.ts";

const pageSize = "250";

export interface Listed {
  items: JsonObject[];
  resourceVersion: string;
}

async function pages(api: Api, call: Call, query: Readonly<Record<string, string>>): Promise<Listed> {
  const items: JsonObject[] = [];
  let next = "";
  for (;;) {
    const from: Record<string, string> = next === "" ? {} : { continue: next };
    const page = List.parse(await api.get(call, { query: { ...query, limit: pageSize, ...from } }));
    items.push(...page.items);
    next = page.metadata.continue;
    if (next === "") return { items, resourceVersion: page.metadata.resourceVersion };
  }
}

/** One after another, holding a page at a time. After a 410 the list begins anew, without those already given. */
export async function* eachOf(
  api: Api,
  call: Call,
  query: Readonly<Record<string, string>>,
): AsyncGenerator<JsonObject, void, undefined> {
  const given = new Set<string>();
  let restarts = 0;
  let next = "";
  for (;;) {
    const from: Record<string, string> = next === "" ? {} : { continue: next };
    try {
      const page = List.parse(await api.get(call, { query: { ...query, limit: pageSize, ...from } }));
      for (const item of page.items) {
        const uid = uidOf(item);
        if (uid !== undefined && given.has(uid)) continue;
        if (uid !== undefined) given.add(uid);
        yield item;
      }
      next = page.metadata.continue;
      if (next === "") return;
    } catch (error) {
      if (!(error instanceof Expired) || restarts++ >= 3) throw error;
      next = "";
    }
  }
}

/** Metrics have none. */
function uidOf(item: JsonObject): string | undefined {
  const { metadata } = item;
  const uid =
    metadata !== null && typeof metadata === "object" && !Array.isArray(metadata) ? metadata?.["uid"] : null;
  return typeof uid === "string" ? uid : undefined;
}

/** All of a list, page after page. When the server has forgotten the rest of it (410), it is read anew. */
export async function listAll(
  api: Api,
  call: Call,
  query: Readonly<Record<string, string>> = {},
): Promise<Listed> {
  for (let restarts = 0; ; restarts++) {
    try {
      return await pages(api, call, query);
    } catch (error) {
      if (!(error instanceof Expired) || restarts >= 3) throw error;
    }
  }
}
