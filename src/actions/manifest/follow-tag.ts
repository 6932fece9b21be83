import type { EnvironmentContext } from "../../engine/playbooks/action.ts";
import { workloadKinds } from "../../domain/app.ts";
import { UserError } from "../../domain/errors.ts";
import type { Json, JsonObject } from "../../engine/ports.ts";
import type { Manifest } from "./read-files.ts";

/** What runs of one app after the deploy. */
export interface Followed {
  app: string;
  workload: string;
  container: string;
  image: string;
}

type AppInPlace = EnvironmentContext["apps"][number];

/** `registry:5000/team/app:v1@sha256:…` → `registry:5000/team/app` */
export function repositoryOf(image: string): string {
  const [name = ""] = image.split("@");
  const slash = name.lastIndexOf("/");
  const colon = name.indexOf(":", slash + 1);
  return colon === -1 ? name : name.slice(0, colon);
}

/** The app whose workload a manifest is, if it is one's. */
function appOf(
  { kind, name, namespace }: Manifest,
  apps: readonly AppInPlace[],
  where: string,
): AppInPlace | undefined {
  return apps.find(
    ({ target }) =>
      workloadKinds[target.kind].kind === kind &&
      target.name === name &&
      target.namespace === (namespace ?? where),
  );
}

interface Container {
  name?: Json;
  image?: Json;
}

function containersIn(object: JsonObject): { main: Container[]; all: Container[] } {
  const spec = object["spec"] as { template?: { spec?: JsonObject } } | undefined;
  const pod = spec?.template?.spec ?? {};
  const listed = (field: string): Container[] => {
    const list = pod[field];
    return Array.isArray(list) ? (list as Container[]) : [];
  };
  return { main: listed("containers"), all: [...listed("initContainers"), ...listed("containers")] };
}

function noContainer({ file, name }: Manifest, wanted: string | undefined): UserError {
  return new UserError(`${file} does not say which image ${name} runs`, {
    why:
      wanted === undefined
        ? "It has no container with an image."
        : `It has no container ${wanted} with an image.`,
    next: "Correct the manifest, or the app's `container` in crai.yaml.",
  });
}

/**
 * The same manifests with the tag set on the apps that follow it: on the app's main container, and on every other of
 * that workload with the same image. What is nobody's, or another's, stays as its file says.
 */
export function followTag(
  manifests: readonly Manifest[],
  tag: string,
  { apps, follow, namespace }: { apps: readonly AppInPlace[]; follow: readonly string[]; namespace: string },
): { manifests: Manifest[]; followed: Followed[] } {
  const followed: Followed[] = [];
  const tagged = manifests.map((manifest) => {
    const found = appOf(manifest, apps, namespace);
    if (found === undefined || !follow.includes(found.app.name)) return manifest;
    const object = structuredClone(manifest.object);
    const { main, all } = containersIn(object);
    const wanted = found.environment.container;
    const own = wanted === undefined ? main[0] : main.find(({ name }) => name === wanted);
    if (typeof own?.image !== "string" || typeof own.name !== "string") throw noContainer(manifest, wanted);
    const repository = repositoryOf(own.image);
    const image = `${repository}:${tag}`;
    for (const container of all)
      if (typeof container.image === "string" && repositoryOf(container.image) === repository)
        container.image = image;
    followed.push({ app: found.app.name, workload: manifest.name, container: own.name, image });
    return { ...manifest, object };
  });
  return { manifests: tagged, followed };
}
