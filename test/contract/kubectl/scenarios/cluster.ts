import { deployment, object, statefulSet } from "../manifests.ts";
import type { Scenario } from "../session.ts";

const networking = "networking.k8s.io/v1";

function backend(name: string, port: object): object {
  return { service: { name, port } };
}

const ingressSpec = {
  ingressClassName: "contract-nobody",
  tls: [{ hosts: ["a.example.com"], secretName: "certificate" }],
  defaultBackend: backend("web", { name: "http" }),
  rules: [
    {
      host: "a.example.com",
      http: {
        paths: [
          { path: "/", pathType: "Prefix", backend: backend("web", { number: 80 }) },
          { path: "/none", pathType: "Exact", backend: backend("none", { number: 80 }) },
        ],
      },
    },
    { http: { paths: [{ path: "/", pathType: "Prefix", backend: backend("web", { number: 80 }) }] } },
  ],
};

const webService = { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: 8080 }] };

function podWith(claimName: string): string {
  const volumes = [{ name: "disk", persistentVolumeClaim: { claimName } }];
  return object("v1", "Pod", "user", { spec: { volumes, containers: [{ name: "main", image: "user:v1" }] } });
}

export const clusterScenarios: Scenario[] = [
  {
    name: "ingress",
    async run(k) {
      const spec = { controller: "example.com/nobody" };
      await k.prepare("apply -f -", object(networking, "IngressClass", "contract-nobody", { spec }));
      await k.step("get ingressclass contract-nobody");
      await k.step("describe ingressclass contract-nobody");
      await k.prepare("create -f -", object("v1", "Service", "web", { spec: webService }));
      await k.prepare("create -f -", deployment("web", "web:v1", { replicas: 1 }));
      await k.prepare("rollout status deployment/web");
      await k.until(["get", "endpoints", "web", "-o", "jsonpath={.subsets[*].addresses[*].ip}"], /\d/);
      await k.step("get endpoints web");
      await k.step(["get", "endpointslices", "-o", "jsonpath={.items[*].endpoints[*].conditions}"]);
      await k.step("apply --server-side -f -", {
        input: object(networking, "Ingress", "web", { spec: ingressSpec }),
      });
      await k.step("get ingress");
      await k.step("describe ingress web");
      await k.step("get ingress web -o yaml --show-managed-fields");
      const plain = { rules: [{ host: "b.example.com" }] };
      await k.step("create -f -", { input: object(networking, "Ingress", "other", { spec: plain }) });
      await k.step("get ingress");
      await k.step("create -f -", { input: object(networking, "Ingress", "empty", { spec: {} }) });
      const bad = { rules: [{ host: "B", http: { paths: [{ path: "x", backend: backend("", {}) }] } }] };
      await k.step("create -f -", { input: object(networking, "Ingress", "bad", { spec: bad }) });
      await k.step("delete ingress web other");
    },
  },
  {
    name: "network policies",
    async run(k) {
      const shut = { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Ingress", "Egress"] };
      const policy = (name: string, spec: object): string =>
        object(networking, "NetworkPolicy", name, { spec });
      await k.step("apply -f -", { input: policy("quarantine", shut) });
      await k.step("describe networkpolicy quarantine");
      const egress = [{ to: [{ namespaceSelector: {} }], ports: [{ port: 53, protocol: "UDP" }] }];
      await k.step("apply --server-side -f -", { input: policy("names", { podSelector: {}, egress }) });
      await k.step("get networkpolicies");
      await k.step("describe networkpolicy names");
      await k.step("get networkpolicy names -o yaml --show-managed-fields");
      await k.step("delete networkpolicy quarantine names");
    },
  },
  {
    name: "volumes",
    async run(k) {
      const storageClass = { provisioner: "example.com/nobody", volumeBindingMode: "Immediate" };
      const marks = {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: { name: "contract-nobody" },
      };
      await k.prepare("apply -f -", JSON.stringify({ ...marks, ...storageClass }));
      await k.step("get storageclass contract-nobody");
      const claimSpec = (storage: string): object => ({
        accessModes: ["ReadWriteOnce"],
        storageClassName: "contract-nobody",
        resources: { requests: { storage } },
      });
      const claim = (storage: string): string =>
        object("v1", "PersistentVolumeClaim", "data", { spec: claimSpec(storage) });
      await k.prepare("create -f -", claim("10240Mi"));
      await k.until("describe pvc data", /ExternalProvisioning/);
      await k.step("get pvc");
      await k.step("describe pvc data");
      const spec = {
        capacity: { storage: "20Gi" },
        accessModes: ["ReadWriteOnce"],
        storageClassName: "contract-nobody",
        hostPath: { path: "/data" },
      };
      await k.prepare("apply -f -", object("v1", "PersistentVolume", "contract-disk", { spec }));
      await k.until("get pvc", /Bound/);
      await k.step("get pvc -o wide");
      await k.step("get pvc data -o yaml");
      await k.step("get pv contract-disk");
      await k.step("get pv contract-disk -o yaml");
      await k.step("apply -f -", { input: claim("5Gi") });
      await k.prepare("create -f -", podWith("nowhere"));
      await k.until("describe pod user", /FailedScheduling/);
      await k.step([
        "get",
        "events",
        "--field-selector=involvedObject.name=user",
        "-o",
        "jsonpath={.items[*].message}",
      ]);
      const template = { metadata: { name: "disk" }, spec: claimSpec("1Ti") };
      const set = statefulSet("db", "db:v1", { replicas: 1, volumeClaimTemplates: [template] });
      await k.prepare("create -f -", set);
      await k.until("describe pod db-0", /FailedScheduling/);
      await k.step("get pvc", { rows: "sorted" });
      await k.step("describe statefulset db");
      await k.step("describe pod db-0");
      await k.prepare("delete statefulset db");
      await k.step("get pvc", { rows: "sorted" });
      await k.step("delete pvc data");
      await k.until("get pv contract-disk", /Released/);
      await k.step("get pv contract-disk");
      await k.step("delete pv contract-disk");
      await k.prepare("delete storageclass contract-nobody");
    },
  },
  {
    name: "admission policy",
    async run(k) {
      const group = "admissionregistration.k8s.io/v1";
      const resourceRules = [
        {
          apiGroups: ["apps"],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["deployments"],
        },
      ];
      const containers = "object.spec.template.spec.containers";
      const validations = [
        { expression: `${containers}.all(c, c.image.contains(':'))`, message: "every image needs a tag" },
        { expression: "!has(object.spec.replicas) || object.spec.replicas <= 5" },
        {
          expression: "!has(object.metadata.annotations) || !('forbidden' in object.metadata.annotations)",
          messageExpression: "'not ' + object.metadata.annotations['forbidden']",
          reason: "Forbidden",
        },
      ];
      const policy = { matchConstraints: { resourceRules }, validations };
      const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": k.namespace } };
      const binding = {
        policyName: "contract-image-tag",
        validationActions: ["Deny"],
        matchResources: { namespaceSelector },
      };
      await k.prepare(
        "apply -f -",
        object(group, "ValidatingAdmissionPolicy", "contract-image-tag", { spec: policy }),
      );
      await k.prepare(
        "apply -f -",
        object(group, "ValidatingAdmissionPolicyBinding", "contract-image-tag", { spec: binding }),
      );
      await k.step("get validatingadmissionpolicy contract-image-tag");
      await k.step("get validatingadmissionpolicybinding contract-image-tag");
      // A control plane takes a moment to learn of a policy.
      await k.until(
        "create -f - --dry-run=server",
        /every image needs a tag/,
        deployment("probe", "untagged"),
      );
      await k.step("create -f -", { input: deployment("web", "untagged") });
      await k.step("apply --server-side -f -", { input: deployment("web", "untagged") });
      await k.step("create -f -", { input: deployment("web", "web:v1", { replicas: 9 }) });
      await k.prepare("create -f -", deployment("web", "web:v1", { replicas: 1 }));
      await k.step("set image deployment/web main=untagged");
      await k.step("scale deployment/web --replicas=9");
      await k.step("annotate deployment web forbidden=today");
      await k.step(["patch", "deployment", "web", "-p", '{"spec":{"replicas":6}}']);
      await k.prepare("delete validatingadmissionpolicybinding contract-image-tag");
      await k.prepare("delete validatingadmissionpolicy contract-image-tag");
    },
  },
];
