import { z } from "zod";
import { ClusterRefusal, isRefusal } from "../../engine/cluster-refusal.ts";
import type { ResourceKind } from "../../engine/ports.ts";
import type { Api } from "./api.ts";
import { groupPath } from "./resource-path.ts";

const Resources = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

/** ms that an answer is good for: custom kinds come and go. */
const freshMs = 60_000;

/** Finds out which resource a manifest's `apiVersion` and `kind` stand for; asks each group once a minute at most. */
export function createDiscovery(api: Api): (apiVersion: string, kind: string) => Promise<ResourceKind> {
  const known = new Map<
    string,
    { until: number; resources: Promise<z.infer<typeof Resources>["resources"]> }
  >();

  async function ask(group: string, version: string): Promise<z.infer<typeof Resources>["resources"]> {
    try {
      return Resources.parse(await api.discover(groupPath(group, version))).resources;
    } catch (error) {
      if (isRefusal(error, "not-found")) return [];
      throw error;
    }
  }

  return async (apiVersion, kind) => {
    const [version = "", group = ""] = apiVersion.split("/").toReversed();
    const before = known.get(apiVersion);
    // A monotonic clock: how old an answer is has nothing to do with the time of day.
    const now = performance.now();
    const fresh =
      before && before.until > now ? before : { until: now + freshMs, resources: ask(group, version) };
    known.set(apiVersion, fresh);
    // What could not be asked is asked again by the next one.
    fresh.resources.catch(() => known.delete(apiVersion));
    const found = (await fresh.resources).find(
      ({ name, kind: other }) => other === kind && !name.includes("/"),
    );
    if (found) return { group, version, resource: found.name, namespaced: found.namespaced };
    throw new ClusterRefusal("not-found", `${api.caller.cluster} serves no ${kind} of ${apiVersion}`, {
      why: "Its API has no such kind in that version.",
      next: "Correct apiVersion and kind in the manifest, or install what serves them.",
    });
  };
}
