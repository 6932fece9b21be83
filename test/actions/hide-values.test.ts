import { assert, constantFrom, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { hideValues } from "../../src/actions/rollout/hide-values.ts";
import { templateDiff } from "../../src/actions/rollout/template-diff.ts";
import type { JsonObject } from "../../src/engine/ports.ts";

function pod(container: object, metadata: object = {}): JsonObject {
  return { metadata, spec: { containers: [{ name: "app", image: "app:v1", ...container }] } } as JsonObject;
}

function shown(container: object, metadata: object = {}): string {
  const template = pod(container, metadata);
  return JSON.stringify(hideValues(template, template, "key"));
}

test("a literal environment value never shows, whatever it is and wherever it stands", () => {
  assert(
    property(string({ minLength: 6 }), constantFrom("containers", "initContainers"), (secret, list) => {
      const marked = `s3cret:${secret}:s3cret`;
      const template = { spec: { [list]: [{ name: "x", env: [{ name: "A", value: marked }] }] } };

      const masked = JSON.stringify(hideValues(template, template, "key"));
      expect(masked).not.toContain("s3cret");
    }),
  );
});

describe("what looks like a credential in a command, an argument or an annotation does not show", () => {
  test.each([
    ["a flag with =", ["--db-password=hunter2", "--port=80"], "hunter2", "--port=80"],
    ["the word after a flag", ["--token", "hunter2", "--verbose"], "hunter2", "--verbose"],
    [
      "an assignment in a shell line",
      ["sh", "-c", "API_KEY=hunter2 exec app --level info"],
      "hunter2",
      "--level info",
    ],
    [
      "a header in a probe's command",
      ["curl", "-H", "Authorization: Bearer hunter2-hunter2"],
      "hunter2",
      "curl",
    ],
    ["a password in a URL", ["--dsn", "postgres://app:hunter2@db:5432/x"], "hunter2", "@db:5432/x"],
    ["a JSON Web Token", ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"], "eyJ", "app:v1"],
    ["a cloud key", ["AKIAIOSFODNN7EXAMPLE"], "AKIA", "app:v1"],
    ["a long random word", ["x", "q8Zr2Lw0Vt5Yb7Nd1Kc3"], "q8Zr2Lw0", "app:v1"],
    ["a hexadecimal key", ["9f86d081884c7d659a2feaa0c55ad015"], "9f86d081", "app:v1"],
  ])("%s", (_, args, secret, rest) => {
    for (const field of ["command", "args"]) {
      const text = shown({ [field]: args });
      expect(text).not.toContain(secret);
      expect(text).toContain(rest);
    }
    expect(shown({ livenessProbe: { exec: { command: args } } })).not.toContain(secret);
    expect(shown({ lifecycle: { preStop: { exec: { command: args } } } })).not.toContain(secret);
  });

  test("a header of an HTTP probe", () => {
    const httpGet = { path: "/", httpHeaders: [{ name: "X-Auth", value: "hunter2" }] };
    expect(shown({ readinessProbe: { httpGet } })).not.toContain("hunter2");
  });

  test("a token in an annotation", () => {
    const metadata = { annotations: { "example.com/webhook": "token=hunter2" } };
    expect(shown({}, metadata)).not.toContain("hunter2");
  });
});

test("what people need to read stays readable", () => {
  const text = shown(
    {
      image: "registry.example.com/token-service/auth-api:v1.2.3",
      args: [
        "--config=/etc/app/config.yaml",
        "--model",
        "credit-risk-ensemble",
        "-m",
        "app.server",
        "--port=8000",
      ],
      env: [
        { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "postgres-credentials", key: "password" } } },
        { name: "MODEL", valueFrom: { configMapKeyRef: { name: "api-config", key: "model" } } },
      ],
    },
    { annotations: { "prometheus.io/path": "/metrics" }, labels: { app: "auth-service" } },
  );

  expect(text).not.toContain("hidden");
});

test("a diff tells changed values from unchanged ones, and equal ones by their hash, without showing them", () => {
  const before = pod({
    env: [
      { name: "A", value: "one" },
      { name: "B", value: "two" },
    ],
  });
  const after = pod({
    image: "app:v2",
    env: [
      { name: "A", value: "uno" },
      { name: "B", value: "two" },
    ],
  });
  const side = (name: string, template: JsonObject) => ({ name, template });

  const diff = templateDiff(side("revision 2", before), side("revision 1", after), "key")!;
  expect(diff.replaceAll(/[0-9a-f]{8}/g, "<hash>")).toBe(`--- revision 2
+++ revision 1
@@ -1,9 +1,9 @@
 spec:
   containers:
     - name: app
-      image: app:v1
+      image: app:v2
       env:
         - name: A
-          value: (hidden, changed, <hash>)
+          value: (hidden, changed, <hash>)
         - name: B
           value: (hidden, unchanged, <hash>)`);
  const hashes = [...diff.matchAll(/[0-9a-f]{8}/g)].map(([hash]) => hash);
  expect(new Set(hashes).size).toBe(3);

  const otherKey = templateDiff(side("revision 2", before), side("revision 1", after), "another key")!;
  expect(hashes.some((hash) => otherKey.includes(hash))).toBe(false);
});
