import { expect, test } from "vitest";
import { changedKeys, templateDiff } from "../../src/actions/rollout/template-diff.ts";
import { sameTemplate } from "../../src/domain/pod-template.ts";
import type { JsonObject } from "../../src/engine/ports.ts";

function pod(container: object, spec: object = {}, metadata: object = {}): JsonObject {
  return { metadata, spec: { containers: [{ name: "api", ...container }], ...spec } } as JsonObject;
}

test("the keys that differ are named as people know them, containers and variables by name", () => {
  const before = pod(
    { image: "v1", env: [{ name: "LEVEL", value: "a" }], resources: { limits: { cpu: "1", memory: "1Gi" } } },
    { volumes: [{ name: "data" }] },
    { annotations: { "example.com/sum": "1" } },
  );
  const after = pod(
    {
      image: "v2",
      env: [
        { name: "EXTRA", value: "x" },
        { name: "LEVEL", value: "b" },
      ],
      resources: { limits: { cpu: "1", memory: "2Gi" } },
      args: ["serve"],
    },
    {},
    { annotations: { "example.com/sum": "2" } },
  );

  expect(changedKeys(before, after)).toEqual([
    'metadata.annotations["example.com/sum"]',
    "containers[api].image",
    "containers[api].env[LEVEL]",
    "containers[api].env[EXTRA]",
    "containers[api].resources.limits.memory",
    "containers[api].args",
    "volumes",
  ]);
});

test("a template whose keys were recorded in another order differs only where it differs", () => {
  const live = pod(
    { image: "v2", args: ["serve"], env: [{ name: "LEVEL", value: "a" }], ports: [] },
    { volumes: [] },
  );
  const recorded = {
    spec: {
      containers: [
        { env: [{ value: "a", name: "LEVEL" }], args: ["serve"], image: "v1", name: "api", tty: true },
      ],
    },
    metadata: {},
  };

  const diff = templateDiff({ name: "now", template: live }, { name: "then", template: recorded }, "key")!;

  const lines = diff.split("\n").slice(3);
  expect(lines.filter((line) => /^[+-]/.test(line))).toEqual([
    "-      image: v2",
    "+      image: v1",
    "+      tty: true",
  ]);
  expect(lines).toContain("     - name: api");
  expect(diff).toMatch(/name: LEVEL\n {11}value: \(hidden, unchanged, \w+\)/);
});

test("more differences than anybody reads are counted", () => {
  const variables = (value: string) =>
    Array.from({ length: 14 }, (_, index) => ({ name: `V${index}`, value }));
  const keys = changedKeys(pod({ env: variables("a") }), pod({ env: variables("b") }));

  expect(keys).toHaveLength(11);
  expect(keys.at(-1)).toBe("4 more");
});

test("what a server writes in several ways is the same template", () => {
  const plain = pod({ image: "v1" }, {}, { labels: { app: "x" } });
  const stored = pod(
    { image: "v1", resources: {}, env: [], args: null },
    { nodeSelector: {}, volumes: [] },
    { creationTimestamp: null, labels: { app: "x", "pod-template-hash": "abc" }, annotations: {} },
  );

  expect(sameTemplate(plain, stored)).toBe(true);
  expect(templateDiff({ name: "a", template: plain }, { name: "b", template: stored }, "key")).toBeNull();
  expect(changedKeys(plain, stored)).toEqual([]);
});

test("an empty object that means something is a difference", () => {
  const plain = pod({ image: "v1" }, { volumes: [{ name: "cache", hostPath: {} }] });
  const other = pod({ image: "v1" }, { volumes: [{ name: "cache", emptyDir: {} }] });

  expect(sameTemplate(plain, other)).toBe(false);
});
