import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { followTag, repositoryOf } from "../../src/actions/manifest/follow-tag.ts";
import { objectDiff } from "../../src/actions/manifest/object-diff.ts";
import { inOrder } from "../../src/actions/manifest/order.ts";
import { partOf, pick } from "../../src/actions/manifest/owned-fields.ts";
import { ManifestFile, readManifests } from "../../src/actions/manifest/read-files.ts";
import { Manifests } from "../../src/domain/manifests.ts";
import type { JsonObject } from "../../src/engine/ports.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function folder(files: Record<string, string>): Manifests {
  const directory = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return Manifests.parse({ directory });
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    const { message, why, next } = error as { message: string; why: string; next: string };
    return [message, why, next].join(" | ");
  }
  throw new Error("It was not refused");
}

const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";

describe("files", () => {
  test("a missing one is named, with those that are there", () => {
    expect(refusal(() => readManifests(["b.yaml"], folder({ "a.yaml": config })))).toMatch(
      /^There is no manifest b\.yaml in .* \| It has a\.yaml\. \| Add the file/,
    );
    expect(refusal(() => readManifests(["b.yaml"], undefined))).toMatch(/manifests\.directory/);
  });

  test("a mistake is told with its line, and an object that is there twice", () => {
    const broken = folder({ "a.yaml": `${config}data: { mode: [ }\n` });
    expect(refusal(() => readManifests(["a.yaml"], broken))).toMatch(/a\.yaml:4:\d+/);
    const nameless = folder({ "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n" });
    expect(refusal(() => readManifests(["a.yaml"], nameless))).toContain("metadata.name");
    const twice = folder({ "a.yaml": `${config}---\n${config}` });
    expect(refusal(() => readManifests(["a.yaml"], twice))).toContain("ConfigMap a is in a.yaml already");
    expect(refusal(() => readManifests(["a.yaml"], folder({ "a.yaml": "# nothing\n" })))).toContain(
      "no object",
    );
  });

  test("a path cannot leave the folder", () => {
    for (const path of ["../a.yaml", "/etc/a.yaml", "k8s/../../a.yaml", ".hidden/a.yaml", "a.sh", "a b.yaml"])
      expect(ManifestFile.safeParse(path).success, path).toBe(false);
    for (const path of ["a.yaml", "k8s/api/a-b.yml", "a.json"])
      expect(ManifestFile.safeParse(path).success, path).toBe(true);
  });

  test("are read as kubectl reads them: octal modes, yes and no, and dates that stay text", () => {
    const text = `${config}data:\n  mode: 0644\n  on: yes\n  day: 2026-11-22\n  port: 22:80\n`;
    const [read] = readManifests(["a.yaml"], folder({ "a.yaml": text }));
    expect(read?.object["data"]).toEqual({ mode: 420, true: true, day: "2026-11-22", port: "22:80" });
  });

  test("a List is its items", () => {
    const list = JSON.stringify({
      apiVersion: "v1",
      kind: "List",
      items: [{ apiVersion: "v1", kind: "Service", metadata: { name: "s" } }],
    });
    expect(
      readManifests(["a.json"], folder({ "a.json": list })).map(({ kind, name }) => `${kind} ${name}`),
    ).toEqual(["Service s"]);
  });
});

describe("the tag", () => {
  test.for([
    ["shop:production", "shop"],
    ["registry:5000/team/shop", "registry:5000/team/shop"],
    ["registry:5000/team/shop:v1@sha256:abc", "registry:5000/team/shop"],
  ])("%s is an image of %s", ([image, repository]) => {
    expect(repositoryOf(image!)).toBe(repository);
  });

  test("does not reach an app that is not configured to follow it", () => {
    const text = `apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec: { template: { spec: { containers: [{ name: app, image: "shop:production" }] } } }
`;
    const manifests = readManifests(["a.yaml"], folder({ "a.yaml": text }));
    const app = {
      name: "shop",
      title: "",
      owner: "",
      alerts: [],
      onCall: [],
      docs: {},
      metrics: {},
      environments: {},
    };
    const environment = {
      name: "prod",
      cluster: "c",
      namespace: "n",
      workload: "deployment/shop",
      health: [],
    };
    const target = { cluster: "c", namespace: "n", kind: "deployment", name: "shop" } as const;
    const apps = [{ app, environment, target }];
    expect(followTag(manifests, "v2", { apps, follow: [], namespace: "n" }).followed).toEqual([]);
    expect(followTag(manifests, "v2", { apps, follow: ["shop"], namespace: "n" }).followed).toEqual([
      { app: "shop", workload: "shop", container: "app", image: "shop:v2" },
    ]);
  });
});

test("what others need is applied first", () => {
  const kinds = ["Ingress", "Deployment", "Certificate", "Service", "ConfigMap", "Namespace"];
  expect(inOrder(kinds.map((kind) => ({ kind }))).map(({ kind }) => kind)).toEqual([
    "Namespace",
    "ConfigMap",
    "Service",
    "Deployment",
    "Certificate",
    "Ingress",
  ]);
});

describe("owned fields", () => {
  const object: JsonObject = {
    apiVersion: "v1",
    kind: "Thing",
    metadata: { name: "t", uid: "1", labels: { a: "1", b: "2" } },
    spec: {
      replicas: 3,
      containers: [
        { name: "app", image: "a:1", env: [] },
        { name: "proxy", image: "p:1" },
      ],
      set: ["x", "y"],
    },
  };

  test("are picked by name, by key and by value, and atomic ones as a whole", () => {
    const fields = {
      "f:metadata": { "f:labels": { "f:a": {} } },
      "f:spec": {
        "f:containers": { 'k:{"name":"app"}': { ".": {}, "f:image": {}, "f:name": {} } },
        "f:set": { 'v:"y"': {} },
        "f:gone": {},
      },
    };
    expect(partOf(object, fields)).toEqual({
      apiVersion: "v1",
      kind: "Thing",
      metadata: { name: "t", labels: { a: "1" } },
      spec: { containers: [{ name: "app", image: "a:1" }], set: ["y"] },
    });
    expect(pick({ list: [1, 2] }, { "f:list": {} })).toEqual({ list: [1, 2] });
  });

  test("of nothing are the name alone", () => {
    expect(partOf(object, {})).toEqual({ apiVersion: "v1", kind: "Thing", metadata: { name: "t" } });
  });
});

test("a diff shows that a Secret changes, and never what is in it", () => {
  const secret = (value: string): JsonObject => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s" },
    data: { password: value },
  });
  const diff = objectDiff("Secret s", { before: secret("b2xk"), after: secret("bmV3") }, "key");
  expect(diff).toMatch(/-\s+password: \(hidden \w{8}\)\n\+\s+password: \(hidden \w{8}\)/);
  expect(diff).not.toMatch(/b2xk|bmV3/);
});
