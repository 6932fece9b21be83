import type { KubeObject, OwnerReference } from "../object.ts";
import type { Workbench } from "./controller.ts";
import type { LabelSelector } from "./objects.ts";
import { controllerOf, controllerReference, isControlledBy } from "./ownership.ts";
import { selects } from "./selectors.ts";

/**
 * What an owner controls of a kind. Matching orphans are adopted; those whose labels no longer match are let go,
 * which is how a person takes a pod out of service to look at it.
 */
export function claim(
  bench: Workbench,
  plural: string,
  owner: KubeObject,
  selector: LabelSelector,
): KubeObject[] {
  const claimed: KubeObject[] = [];
  const concerns = (object: KubeObject): boolean =>
    isControlledBy(object, owner) || selects(selector, object.metadata.labels);
  for (const object of bench.store.list(plural, owner.metadata.namespace, concerns)) {
    const matches = selects(selector, object.metadata.labels);
    const references = object.metadata.ownerReferences ?? [];
    if (isControlledBy(object, owner)) {
      if (matches) claimed.push(object);
      else
        setOwners(
          bench,
          plural,
          object,
          references.filter(({ controller }) => !controller),
        );
    } else if (matches && mayAdopt(owner, object)) {
      claimed.push(setOwners(bench, plural, object, [...references, controllerReference(owner)]));
    }
  }
  return claimed;
}

function mayAdopt(owner: KubeObject, object: KubeObject): boolean {
  return !controllerOf(object) && !object.metadata.deletionTimestamp && !owner.metadata.deletionTimestamp;
}

function setOwners(
  bench: Workbench,
  plural: string,
  object: KubeObject,
  owners: OwnerReference[],
): KubeObject {
  return bench.store.update(
    plural,
    { ...object, metadata: { ...object.metadata, ownerReferences: owners } },
    bench.by(),
  );
}
