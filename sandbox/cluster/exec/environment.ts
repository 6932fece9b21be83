import { child, items, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { KubeObject } from "../object.ts";
import type { Store } from "../store.ts";

/** The environment variables of a container, with what its ConfigMaps and Secrets say now. */
export function containerEnvironment(store: Store, pod: KubeObject, name: string): Record<string, string> {
  const container = containerNamed(pod, name);
  const { namespace } = pod.metadata;
  const own = items(container, "env").map((variable): [string, string | undefined] => [
    String(variable["name"]),
    variable["value"] === undefined
      ? valueFrom(store, pod, child(variable, "valueFrom"))
      : textOr(variable["value"], ""),
  ]);
  const whole = items(container, "envFrom").flatMap((source) => {
    const map = child(source, "configMapRef");
    const secret = child(source, "secretRef");
    const prefix = textOr(source["prefix"], "");
    const data = map
      ? configMapData(store, namespace, String(map["name"]))
      : secretData(store, namespace, String(secret?.["name"]));
    return Object.entries(data).map(([key, value]): [string, string] => [prefix + key, value]);
  });
  const known = own.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOSTNAME: pod.metadata.name,
    KUBERNETES_SERVICE_HOST: "10.96.0.1",
    KUBERNETES_SERVICE_PORT: "443",
    ...Object.fromEntries(whole),
    ...Object.fromEntries(known),
    HOME: "/root",
  };
}

export function containerNamed(pod: KubeObject, name: string): Fields | undefined {
  return items(child(pod, "spec"), "containers").find((one) => one["name"] === name);
}

/** The files that ConfigMaps and Secrets put into a container: path to content. */
export function mountedFiles(store: Store, pod: KubeObject, name: string): Map<string, string> {
  const volumes = items(child(pod, "spec"), "volumes");
  const files = items(containerNamed(pod, name), "volumeMounts").flatMap((mount) => {
    const volume = volumes.find((one) => one["name"] === mount["name"]);
    const map = child(volume, "configMap");
    const secret = child(volume, "secret");
    const { namespace } = pod.metadata;
    const data = map
      ? configMapData(store, namespace, String(map["name"]))
      : secret
        ? secretData(store, namespace, String(secret["secretName"]))
        : {};
    return Object.entries(data).map(([key, value]): [string, string] => [
      `${String(mount["mountPath"])}/${key}`,
      value,
    ]);
  });
  return new Map(files);
}

function valueFrom(store: Store, pod: KubeObject, source: Fields | undefined): string | undefined {
  const { namespace } = pod.metadata;
  const map = child(source, "configMapKeyRef");
  if (map) return configMapData(store, namespace, String(map["name"]))[String(map["key"])];
  const secret = child(source, "secretKeyRef");
  if (secret) return secretData(store, namespace, String(secret["name"]))[String(secret["key"])];
  const path = textOr(child(source, "fieldRef")?.["fieldPath"], "");
  const found = path.split(".").reduce<unknown>((value, part) => (value as Fields | undefined)?.[part], pod);
  return typeof found === "string" ? found : undefined;
}

function configMapData(store: Store, namespace: string | undefined, name: string): Record<string, string> {
  const data = child(store.get("configmaps", namespace, name), "data") ?? {};
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, String(value)]));
}

function secretData(store: Store, namespace: string | undefined, name: string): Record<string, string> {
  const data = child(store.get("secrets", namespace, name), "data") ?? {};
  const text = (value: unknown): string => Buffer.from(String(value), "base64").toString("utf8");
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, text(value)]));
}
