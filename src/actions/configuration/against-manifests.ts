import { workloadKinds } from "../../domain/app.ts";
import { isUserError } from "../../domain/errors.ts";
import type { Evidence } from "../../domain/timeline.ts";
import type { ActionContext } from "../../engine/playbooks/action.ts";
import type { JsonObject, Workload } from "../../engine/ports.ts";
import { filesIn, type Manifest, readManifests } from "../manifest/read-files.ts";
import type { ConfigMap } from "../parameters/config-map.ts";
import { differences } from "./differences.ts";

const mostPaths = 6;

/** What a deploy or an autoscaler sets by itself is no difference. */
const setElsewhere = /^replicas$|\.image$/;

function manifestsOf({ settings }: ActionContext): { all: Manifest[]; unread: Evidence[] } {
  const { manifests } = settings;
  const all: Manifest[] = [];
  const unread: Evidence[] = [];
  for (const file of manifests === undefined ? [] : filesIn(manifests.directory)) {
    try {
      all.push(...readManifests([file], manifests));
    } catch (error) {
      if (!isUserError(error)) throw error;
      unread.push({ what: `${error.message}: ${error.why}`, ok: null });
    }
  }
  return { all, unread };
}

function compared(name: string, file: string, paths: readonly string[]): Evidence {
  if (paths.length === 0) return { what: `${name} is as ${file} says`, ok: true };
  const more = paths.length > mostPaths ? ` and ${paths.length - mostPaths} more` : "";
  return {
    what: `${name} is not as ${file} says: ${paths.slice(0, mostPaths).join(", ")}${more}. Deploy, or correct the file`,
    ok: false,
  };
}

/** The workload and its ConfigMaps against the files that a deploy would apply; values are not shown. */
export function againstManifests(
  context: ActionContext,
  workload: Workload,
  configMaps: readonly ConfigMap[],
): Evidence[] {
  const { all, unread } = manifestsOf(context);
  const { kind } = workloadKinds[context.target.kind];
  const find = (of: string, name: string) => all.find((one) => one.kind === of && one.name === name);
  const own = find(kind, context.target.name);
  const ofWorkload =
    own === undefined
      ? []
      : [
          compared(
            context.target.name,
            own.file,
            differences((own.object["spec"] ?? {}) as JsonObject, workload.raw["spec"]).filter(
              (path) => !setElsewhere.test(path),
            ),
          ),
        ];
  const ofMaps = configMaps.flatMap(({ metadata: { name }, data }) => {
    const manifest = find("ConfigMap", name);
    if (manifest === undefined) return [];
    return [compared(name, manifest.file, differences(manifest.object["data"] ?? {}, data))];
  });
  return [...ofWorkload, ...ofMaps, ...unread];
}
