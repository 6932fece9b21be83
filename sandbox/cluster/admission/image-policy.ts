import { prepareNew } from "../defaults/defaults.ts";
import type { KubeObject } from "../object.ts";
import type { Store } from "../store.ts";

const name = "pinned-image-tags";
const group = "admissionregistration.k8s.io/v1";
const template = "object.spec.template.spec.containers";

const policy: KubeObject = {
  apiVersion: group,
  kind: "ValidatingAdmissionPolicy",
  metadata: { name },
  spec: {
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ["apps"],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["deployments", "statefulsets", "daemonsets"],
        },
        { apiGroups: ["batch"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["jobs"] },
      ],
    },
    validations: [
      {
        expression: `${template}.all(c, c.image.matches('(:[^/:]+|@sha256:[0-9a-f]+)$') && !c.image.endsWith(':latest'))`,
        message: "every image needs a tag other than latest",
      },
    ],
  },
};

const binding: KubeObject = {
  apiVersion: group,
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name },
  spec: { policyName: name, validationActions: ["Deny"] },
};

const parts = [
  ["validatingadmissionpolicies", policy],
  ["validatingadmissionpolicybindings", binding],
] as const;

export function hasImagePolicy(store: Store): boolean {
  return store.get("validatingadmissionpolicybindings", undefined, name) !== undefined;
}

/** From now on the cluster refuses workloads with images that have no tag, or takes them again. */
export function setImagePolicy(store: Store, on: boolean, now: Date): void {
  const by = { manager: "practice-panel", now };
  for (const [plural, made] of parts) {
    const there = store.get(plural, undefined, name);
    if (there && !on) store.delete(plural, undefined, name, by);
    if (there || !on) continue;
    const object = structuredClone(made);
    prepareNew(plural, object, plural === "validatingadmissionpolicies");
    store.create(plural, object, by);
  }
}
