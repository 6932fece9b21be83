import { expect, test } from "vitest";
import { neededBy } from "../../../src/adapters/kubernetes/references.ts";

test("every ConfigMap and Secret a template cannot start without is found once, optional ones are not", () => {
  const template = {
    spec: {
      initContainers: [{ envFrom: [{ configMapRef: { name: "init" } }] }],
      containers: [
        {
          env: [
            { name: "LITERAL", value: "x" },
            { name: "A", valueFrom: { configMapKeyRef: { name: "config", key: "a" } } },
            { name: "B", valueFrom: { configMapKeyRef: { name: "config", key: "b" } } },
            { name: "C", valueFrom: { secretKeyRef: { name: "keys", key: "c" } } },
            { name: "D", valueFrom: { secretKeyRef: { name: "extra", key: "d", optional: true } } },
          ],
          envFrom: [{ secretRef: { name: "keys" } }, { configMapRef: { name: "maybe", optional: true } }],
        },
      ],
      volumes: [
        { name: "v1", configMap: { name: "files", items: [{ key: "app.yaml", path: "app.yaml" }] } },
        { name: "v2", secret: { secretName: "tls" } },
        {
          name: "v3",
          projected: { sources: [{ secret: { name: "projected" } }, { configMap: { name: "files" } }] },
        },
        { name: "v4", csi: { driver: "d", nodePublishSecretRef: { name: "driver" } } },
        { name: "v5", emptyDir: {} },
      ],
    },
  };

  expect(neededBy(template)).toEqual([
    { kind: "ConfigMap", name: "init", keys: [] },
    { kind: "ConfigMap", name: "config", keys: ["a", "b"] },
    { kind: "Secret", name: "keys", keys: ["c"] },
    { kind: "ConfigMap", name: "files", keys: ["app.yaml"] },
    { kind: "Secret", name: "tls", keys: [] },
    { kind: "Secret", name: "projected", keys: [] },
  ]);
});
