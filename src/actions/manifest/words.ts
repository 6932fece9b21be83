import type { JsonObject } from "../../engine/ports.ts";
import { fieldManager } from "../rollout/write-template.ts";
import { imageOf } from "../rollout/metadata.ts";
import { changedKeys } from "../rollout/template-diff.ts";
import type { Followed } from "./follow-tag.ts";
import { written } from "./object-diff.ts";
import { objectName, type ObjectWrite } from "./object-writes.ts";
import type { PlannedObject } from "./plan-object.ts";
import type { Prepared, Selection } from "./prepare.ts";
import { templateOf } from "./step-state.ts";

/** The parts of an object that say what it is rather than what somebody wants of it. */
function fieldsOf(object: JsonObject): JsonObject {
  const { apiVersion: _, kind: __, ...rest } = written(object);
  return rest;
}

/** `Deployment api-deployment: app:v1 → app:v2, spec.replicas`: names of what changes, without values. */
export function changeText({ write, live, stored }: PlannedObject, followed: readonly Followed[]): string {
  const name = objectName(write);
  const own = followed.find(({ workload }) => workload === write.ref.name);
  if (live === null) return `${name} is new${own === undefined ? "" : ` (${own.image})`}`;
  if (stored === null) return name;
  const [before, after] = [templateOf(live), templateOf(stored)];
  const images = [before, after].map((template) =>
    template === null ? "" : imageOf(template, own?.container),
  );
  const keys = changedKeys(fieldsOf(live), fieldsOf(stored))
    .map((key) => key.replace(/^template\.spec\./, ""))
    .filter((key) => images[0] === images[1] || !/^containers\[[^\]]+\]\.image$/.test(key));
  const parts = [...(images[0] === images[1] ? [] : [`${images[0]} → ${images[1]}`]), ...keys];
  return `${name}: ${parts.join(", ")}`;
}

/** What does the same without crai: names and files have no character that a shell would read. */
export function applyLines(
  { files }: Selection,
  { namespace, followed }: Prepared,
  { writes, directory }: { writes: readonly ObjectWrite[]; directory: string },
): string[] {
  const force = writes.some((write) => write.force) ? " --force-conflicts" : "";
  const paths = files.map((file) => ` -f ${directory}/${file}`).join("");
  return [
    `kubectl -n ${namespace} apply --server-side --field-manager=${fieldManager}${force}${paths}`,
    ...followed.map(
      ({ workload, container, image }) =>
        `kubectl -n ${namespace} set image ${kindOf(workload, writes)}/${workload} ${container}=${image}`,
    ),
  ];
}

function kindOf(workload: string, writes: readonly ObjectWrite[]): string {
  return (writes.find(({ ref }) => ref.name === workload)?.kind ?? "Deployment").toLowerCase();
}
