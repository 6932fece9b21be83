/** The objects the scenarios play with, as a person would write them. JSON is YAML, too. */
type Fields = Record<string, unknown>;

export function deployment(name: string, image: string, spec: Fields = {}): string {
  return manifest("Deployment", name, { replicas: 3, ...workload(name, image), ...spec });
}

export function statefulSet(name: string, image: string, spec: Fields = {}): string {
  return manifest("StatefulSet", name, { replicas: 2, serviceName: name, ...workload(name, image), ...spec });
}

/** Only on the node that the suite labels: clusters have different numbers of nodes. */
export function daemonSet(name: string, image: string, spec: Fields = {}): string {
  const made = workload(name, image);
  made.template.spec["nodeSelector"] = { contract: "yes" };
  return manifest("DaemonSet", name, { ...made, ...spec });
}

function workload(
  name: string,
  image: string,
): { selector: Fields; template: { metadata: Fields; spec: Fields } } {
  const container = {
    name: "main",
    image,
    ports: [{ containerPort: 8080 }],
    env: [{ name: "LEVEL", value: "info" }],
  };
  return {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
  };
}

function manifest(kind: string, name: string, spec: Fields): string {
  return JSON.stringify({ apiVersion: "apps/v1", kind, metadata: { name, labels: { app: name } }, spec });
}

export function object(apiVersion: string, kind: string, name: string, rest: Fields): string {
  return JSON.stringify({ apiVersion, kind, metadata: { name }, ...rest });
}

/** A Job of one container whose pods are not restarted. */
export function job(name: string, image: string, spec: Fields = {}, pod: Fields = {}): string {
  const containers = [{ name: "main", image }];
  const template = { spec: { restartPolicy: "Never", containers, ...pod } };
  return object("batch/v1", "Job", name, { spec: { template, ...spec } });
}
