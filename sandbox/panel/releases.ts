import { type PracticeApp, practiceApps } from "../apps/practice-apps.ts";
import { fateOf } from "../cluster/kubelet/fates.ts";
import { type KubeAccess, type KubeReader, kubeReader, KubeRefusal } from "../metrics/kube-reader.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { cluster } from "../seed.ts";
import type { AppRelease, ReleaseKind } from "./panel-api.ts";

/** The delivery pipeline as Kubernetes sees it: it, and no person, is the last who changed the workload. */
const pipeline = { user: "ci@credit-risk-ai.example.com", group: "system:masters", manager: "ci-deploy" };

const causes: Record<ReleaseKind, string> = {
  errors: "smaller connection pool to PostgreSQL",
  slow: "full SHAP explanations for every request",
  crash: "new configuration loader",
  oom: "larger model cache",
  nopull: "slimmer base image",
  good: "fixes of the last release",
};

/** An environment variable that goes with a release of the API, so that its diff shows more than an image. */
const poolSize: Partial<Record<ReleaseKind, string>> = { errors: "2", good: "20" };

function kindOfTag(tag: string): ReleaseKind {
  const fate = fateOf(`image:${tag}`);
  return fate === "runs" ? "good" : fate;
}

/** Versions only go up, also after a rollback: v1.1.9, v1.2.0-errors, v1.3.0. */
function nextVersion(tags: readonly string[]): string {
  const minors = tags.map((tag) => /^(v?)(\d+)\.(\d+)/.exec(tag)).filter((found) => found !== null);
  const latest = minors.sort((a, b) => Number(a[2]) - Number(b[2]) || Number(a[3]) - Number(b[3])).at(-1);
  return latest ? `${latest[1]}${latest[2]}.${Number(latest[3]) + 1}.0` : "v1.0.0";
}

/** Ships releases as a pipeline does, through the API server that `access` reaches as somebody who may impersonate. */
export function createReleases(access: KubeAccess, metrics: Pick<Metrics, "health">) {
  const shipped = new Map<string, string[]>();
  const send = kubeReader(access);

  async function ship(app: PracticeApp, kind: ReleaseKind): Promise<string> {
    const current = metrics.health(app.name)?.tag;
    const known = [...(shipped.get(app.name) ?? []), ...(current === undefined ? [] : [current])];
    const tag = kind === "good" ? nextVersion(known) : `${nextVersion(known)}-${kind}`;
    const [, name] = app.workload.split("/") as [string, string];
    const path = `/apis/apps/v1/namespaces/${cluster.namespace}/deployments/${name}`;
    const image = await imageName(send, path, app.container);
    const pool = app.name === "api" ? poolSize[kind] : undefined;
    await send(`${path}?fieldManager=${pipeline.manager}`, {
      method: "PATCH",
      headers: {
        "content-type": "application/strategic-merge-patch+json",
        "impersonate-user": pipeline.user,
        "impersonate-group": pipeline.group,
        "user-agent": "ci-deploy/1.0",
      },
      body: {
        metadata: { annotations: { "kubernetes.io/change-cause": `Release ${tag}: ${causes[kind]}` } },
        spec: {
          template: {
            spec: {
              containers: [
                {
                  name: app.container,
                  image: `${image}:${tag}`,
                  ...(pool === undefined ? {} : { env: [{ name: "DB_POOL_SIZE", value: pool }] }),
                },
              ],
            },
          },
        },
      },
    });
    shipped.set(app.name, [...known, tag]);
    return tag;
  }

  return {
    /** @returns the tag. @throws {KubeRefusal} and network errors as the API server gives them. */
    ship,
    all(): AppRelease[] {
      return practiceApps.flatMap((app) => {
        const health = metrics.health(app.name);
        if (!health) return [];
        const { tag, ready, desired } = health;
        return [{ app: app.name, tag, kind: kindOfTag(tag), ready, desired }];
      });
    },
  };
}

async function imageName(send: KubeReader, path: string, container: string): Promise<string> {
  const deployment = (await send(path)) as {
    spec: { template: { spec: { containers: { name: string; image: string }[] } } };
  };
  const found = deployment.spec.template.spec.containers.find(({ name }) => name === container);
  if (!found) throw new KubeRefusal(404, `${path} has no container "${container}"`);
  return found.image.replace(/:[^:/]*$/, "");
}
