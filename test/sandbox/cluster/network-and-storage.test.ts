import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { KubeObject } from "../../../sandbox/cluster/object.ts";
import { cluster as seed } from "../../../sandbox/seed.ts";
import { startPracticeCluster } from "../../support/practice-cluster.ts";
import type { PracticeCluster } from "../../support/practice-cluster.ts";

const { namespace } = seed;
let practice: PracticeCluster;

beforeAll(async () => {
  practice = await startPracticeCluster();
});
afterAll(() => practice?.close());

async function send(
  method: string,
  path: string,
  body?: object,
): Promise<{ code: number; object: KubeObject }> {
  const response = await fetch(practice.url + path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { code: response.status, object: (await response.json()) as KubeObject };
}

function stored(plural: string, name: string, where: string | undefined = namespace): KubeObject | undefined {
  return practice.store.get(plural, where, name);
}

describe("an Ingress", () => {
  const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`;
  const backend = { service: { name: "api-service", port: { number: 80 } } };

  it("without a class gets the default one, and an address from the controller", async () => {
    const { code } = await send("POST", path, {
      metadata: { name: "new" },
      spec: { defaultBackend: backend },
    });
    expect(code).toBe(201);
    await vi.waitFor(() => {
      const ingress = stored("ingresses", "new");
      expect(ingress).toMatchObject({
        spec: { ingressClassName: "nginx" },
        status: { loadBalancer: { ingress: [{ ip: "10.0.0.80" }] } },
      });
    });
  });

  it("of a class nobody serves gets no address", async () => {
    const spec = { ingressClassName: "other", defaultBackend: backend };
    await send("POST", path, { metadata: { name: "waiting" }, spec });
    await send("POST", path, { metadata: { name: "after" }, spec: { defaultBackend: backend } });
    await vi.waitFor(() =>
      expect(stored("ingresses", "after")).toHaveProperty("status.loadBalancer.ingress"),
    );
    expect(stored("ingresses", "waiting")).toMatchObject({ status: { loadBalancer: {} } });
    expect(stored("ingresses", "waiting")).not.toHaveProperty("status.loadBalancer.ingress");
  });
});

describe("a claim for a volume", () => {
  const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "500Gi" } } };

  it("gets a volume of the default class, which goes with it", async () => {
    await send("POST", path, { metadata: { name: "backups" }, spec });
    await vi.waitFor(() => {
      expect(stored("persistentvolumeclaims", "backups")).toMatchObject({
        spec: { storageClassName: "fast-ssd" },
        status: { phase: "Bound", capacity: { storage: "500Gi" } },
      });
    });
    const [volume] = practice.store.list("persistentvolumes");
    expect(volume).toMatchObject({ spec: { claimRef: { name: "backups" } }, status: { phase: "Bound" } });
    await send("DELETE", `${path}/backups`);
    await vi.waitFor(() => {
      expect(stored("persistentvolumeclaims", "backups")).toBeUndefined();
      expect(practice.store.list("persistentvolumes")).toEqual([]);
    });
  });

  it("of a StatefulSet's pod is made with the pod, and outlives it", async () => {
    const labels = { app: "store" };
    const containers = [{ name: "main", image: "store:v1" }];
    const set = {
      serviceName: "store",
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
      volumeClaimTemplates: [{ metadata: { name: "data" }, spec }],
    };
    const sets = `/apis/apps/v1/namespaces/${namespace}/statefulsets`;
    await send("POST", sets, { metadata: { name: "store" }, spec: set });
    await vi.waitFor(() => expect(stored("pods", "store-0")).toHaveProperty("status.phase", "Running"));
    const claim = stored("persistentvolumeclaims", "data-store-0");
    await send("DELETE", `${sets}/store`);
    await vi.waitFor(() => expect(stored("pods", "store-0")).toBeUndefined());
    expect(stored("persistentvolumeclaims", "data-store-0")?.metadata.uid).toBe(claim?.metadata.uid);
  });

  it("that is missing keeps its pod waiting, which says so", async () => {
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "later" } }];
    const pod = {
      metadata: { name: "early" },
      spec: { volumes, containers: [{ name: "main", image: "early:v1" }] },
    };
    await send("POST", `/api/v1/namespaces/${namespace}/pods`, pod);
    await vi.waitFor(() =>
      expect(JSON.stringify(stored("pods", "early")?.["status"])).toContain(
        'persistentvolumeclaim \\"later\\" not found',
      ),
    );
    await send("POST", path, { metadata: { name: "later" }, spec });
    await vi.waitFor(() => expect(stored("pods", "early")).toHaveProperty("status.phase", "Running"));
  });

  it("is kept while a pod uses it", async () => {
    await send("POST", path, { metadata: { name: "in-use" }, spec });
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "in-use" } }];
    const pod = {
      metadata: { name: "user" },
      spec: { volumes, containers: [{ name: "main", image: "user:v1" }] },
    };
    await send("POST", `/api/v1/namespaces/${namespace}/pods`, pod);
    await vi.waitFor(() =>
      expect(stored("persistentvolumeclaims", "in-use")).toHaveProperty("status.phase", "Bound"),
    );
    await send("DELETE", `${path}/in-use`);
    expect(stored("persistentvolumeclaims", "in-use")).toHaveProperty("metadata.deletionTimestamp");
    await send("DELETE", `/api/v1/namespaces/${namespace}/pods/user`);
    await vi.waitFor(() => expect(stored("persistentvolumeclaims", "in-use")).toBeUndefined());
  });
});

describe("a ValidatingAdmissionPolicy", () => {
  it("denies what its expression does not hold for, where it is bound", async () => {
    const group = "/apis/admissionregistration.k8s.io/v1";
    const rule = { apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["configmaps"] };
    const validations = [{ expression: "size(object.data) <= 1", message: "one key is enough" }];
    const policy = { matchConstraints: { resourceRules: [rule] }, validations };
    await send("POST", `${group}/validatingadmissionpolicies`, { metadata: { name: "small" }, spec: policy });
    const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": namespace } };
    const binding = {
      policyName: "small",
      validationActions: ["Deny"],
      matchResources: { namespaceSelector },
    };
    const config = { metadata: { name: "large" }, data: { a: "1", b: "2" } };
    const path = (where: string) => `/api/v1/namespaces/${where}/configmaps`;
    expect((await send("POST", `${path(namespace)}?dryRun=All`, config)).code).toBe(201);
    await send("POST", `${group}/validatingadmissionpolicybindings`, {
      metadata: { name: "here" },
      spec: binding,
    });
    const { code, object } = await send("POST", path(namespace), config);
    expect(code).toBe(422);
    expect(object["message"]).toBe(
      `configmaps "large" is forbidden: ValidatingAdmissionPolicy 'small' with binding 'here' denied request: one key is enough`,
    );
    expect((await send("POST", path("monitoring"), config)).code).toBe(201);
  });
});
