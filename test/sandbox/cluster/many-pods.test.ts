import { expect, it, onTestFinished } from "vitest";
import { seedManyPods } from "../../../sandbox/cluster/seed/many-pods.ts";
import { startPracticeCluster } from "../../support/practice-cluster.ts";

it("holds thousands of pods of a namespace, which are read page by page and do not slow down the others", async () => {
  const cluster = await startPracticeCluster();
  onTestFinished(() => cluster.close());
  seedManyPods(cluster.store, "credit-risk-ai", 2_000, new Date());
  const path = `${cluster.url}/api/v1/namespaces/credit-risk-ai/pods`;
  type Page = {
    items: { metadata: { name: string } }[];
    metadata: { continue?: string; remainingItemCount?: number };
  };
  const page = async (query: string) => (await (await fetch(`${path}?${query}`)).json()) as Page;

  const first = await page("limit=500");
  const names = new Set(first.items.map(({ metadata }) => metadata.name));
  for (let next = first.metadata.continue; next;) {
    const { items, metadata } = await page(`limit=500&continue=${next}`);
    for (const item of items) names.add(item.metadata.name);
    next = metadata.continue;
  }

  const system = cluster.store.list("pods", "credit-risk-ai").length - 2_000;
  expect(first.metadata.remainingItemCount).toBe(1_500 + system);
  expect(names.size).toBe(2_000 + system);
  expect((await page("labelSelector=app%3Dapi")).items).toHaveLength(3);
});
