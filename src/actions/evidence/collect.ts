import { z } from "zod";
import { isUserError } from "../../domain/errors.ts";
import type { EvidenceFile } from "../../domain/evidence.ts";
import type { ActionContext } from "../../engine/playbooks/action.ts";
import type { JsonObject, ObjectsOf } from "../../engine/ports.ts";
import { lastBytes } from "../diagnose/last-bytes.ts";
import { selectorOf } from "../diagnose/objects.ts";

/** Pods that are copied with their logs; what is beyond it is said to be missing. */
const MOST_PODS = 50;
const MOST_OBJECTS = 2000;
/** Of one container's log, from its end. */
const log = { lines: 20_000, bytes: 4 * 1024 * 1024 };
/** Logs that are read at once. */
const PARALLEL = 4;

const ContainerStatus = z.object({
  name: z.string(),
  image: z.string().default(""),
  imageID: z.string().default(""),
  restartCount: z.number().default(0),
});
const Pod = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ nodeName: z.string().optional() }),
  status: z
    .object({
      initContainerStatuses: z.array(ContainerStatus).default([]),
      containerStatuses: z.array(ContainerStatus).default([]),
    })
    .prefault({}),
});
type Pod = z.infer<typeof Pod>;

interface Collected {
  files: EvidenceFile[];
  /** What was looked for and could not be had. */
  missing: string[];
}

interface LogOf {
  pod: string;
  container: string;
  previous: boolean;
}

function json(name: string, value: unknown): EvidenceFile {
  return { name, content: Buffer.from(`${JSON.stringify(value, null, 2)}\n`) };
}

function logsOf({ metadata, status }: Pod): LogOf[] {
  const containers = [...status.initContainerStatuses, ...status.containerStatuses];
  return containers.flatMap(({ name: container, restartCount }) => [
    { pod: metadata.name, container, previous: false },
    ...(restartCount > 0 ? [{ pod: metadata.name, container, previous: true }] : []),
  ]);
}

/** The digest that a node runs, beside the tag that somebody asked for. */
function imagesOf({ metadata, status }: Pod) {
  return [...status.initContainerStatuses, ...status.containerStatuses].map(({ name, image, imageID }) => ({
    pod: metadata.name,
    container: name,
    image,
    digest: imageID,
  }));
}

/** Everything that is to be seen of an app: what the person may not see, or the cluster no longer has, is named. */
export async function collect({ cluster, target }: ActionContext): Promise<Collected> {
  const files: EvidenceFile[] = [];
  const missing: string[] = [];
  const { namespace } = target;

  async function had<Value>(what: string, read: () => Promise<Value>): Promise<Value | null> {
    try {
      return await read();
    } catch (error) {
      if (!isUserError(error)) throw error;
      missing.push(`${what} (${error.message})`);
      return null;
    }
  }

  async function listOf(
    what: string,
    of: ObjectsOf,
    query: { labelSelector?: string } = {},
    most = MOST_OBJECTS,
  ) {
    const found: JsonObject[] = [];
    await had(what, async () => {
      for await (const item of cluster.objects.list(of, query)) {
        if (found.length < most) found.push(item);
        else return void missing.push(`${what} beyond the first ${most}`);
      }
    });
    return found;
  }

  async function readLog({ pod, container, previous }: LogOf): Promise<void> {
    const name = `logs/${pod}/${container}${previous ? ".previous" : ""}.log`;
    const text = await had(name, () =>
      cluster.objects.logs(
        { namespace, name: pod, container },
        { tailLines: log.lines, ...(previous && { previous }) },
      ),
    );
    if (text === null) return;
    const kept = lastBytes(text, log.bytes);
    files.push({ name, content: Buffer.from(kept) });
    if (kept !== text) missing.push(`${name} before its last ${Buffer.byteLength(kept)} bytes`);
    else if (text.split("\n").length > log.lines)
      missing.push(`${name} before its last ${log.lines} lines, if there was more`);
  }

  const workload = await cluster.workload(target);
  files.push(json("workload.json", workload.raw));
  const core = { group: "", namespace };
  const raw = await listOf(
    "pods",
    { ...core, resource: "pods" },
    { labelSelector: selectorOf(workload) },
    MOST_PODS,
  );
  const pods = raw.map((item) => Pod.parse(item));
  for (const [index, { metadata }] of pods.entries())
    files.push(json(`pods/${metadata.name}.json`, raw[index]));
  files.push(json("images.json", pods.flatMap(imagesOf)));
  const queue = pods.flatMap(logsOf);
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await readLog(next);
    }),
  );
  files.push(json("events.json", await listOf("events", { ...core, resource: "events" })));
  const policies = { group: "networking.k8s.io", version: "v1", resource: "networkpolicies", namespace };
  files.push(json("networkpolicies.json", await listOf("NetworkPolicies", policies)));
  for (const node of new Set(pods.flatMap(({ spec }) => spec.nodeName ?? []))) {
    const of = { group: "", resource: "nodes", namespace: null, name: node };
    const object = await had(`node ${node}`, () => cluster.objects.get(of));
    if (object !== null) files.push(json(`nodes/${node}.json`, object));
  }
  return { files, missing };
}
