import { describe, expect, it } from "vitest";
import { configMap, configMaps, deployment, deployments, startApi } from "./setup.ts";
import type { RequestOptions } from "./setup.ts";

async function startWithDeployment() {
  const api = await startApi();
  const created = await api.call("POST", deployments, { body: deployment("web") });
  return { ...api, created };
}

describe("writing", () => {
  it("fills in what the API server fills in, so that kubectl's undo compares like with like", async () => {
    const { created } = await startWithDeployment();
    expect(created.code).toBe(201);
    expect(created.json).toMatchObject({
      metadata: { generation: 1 },
      spec: {
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
        template: {
          metadata: { creationTimestamp: null },
          spec: {
            containers: [
              { imagePullPolicy: "IfNotPresent", resources: {}, terminationMessagePolicy: "File" },
            ],
            dnsPolicy: "ClusterFirst",
            restartPolicy: "Always",
            schedulerName: "default-scheduler",
            securityContext: {},
            terminationGracePeriodSeconds: 30,
          },
        },
      },
      status: {},
    });
  });

  it("keeps fields it does not know", async () => {
    const { call } = await startApi();
    const object = { ...configMap("a"), somethingNew: { of: ["the", "future"] } };
    await call("POST", configMaps, { body: object });
    const read = await call("GET", `${configMaps}/a`);
    expect(read.json["somethingNew"]).toEqual({ of: ["the", "future"] });
  });

  it("names the writer by fieldManager, else by the first word of the user agent", async () => {
    const { call } = await startApi();
    const byAgent = await call("POST", configMaps, { body: configMap("a", { x: "1" }) });
    const named = await call("POST", `${configMaps}?fieldManager=robin`, {
      body: configMap("b", { x: "1" }),
    });
    expect(
      [byAgent, named].map(({ json }) => (json["metadata"] as never as Meta).managedFields[0]!.manager),
    ).toEqual(["tester", "robin"]);
  });

  interface Meta {
    managedFields: { manager: string; subresource?: string }[];
    resourceVersion: string;
  }

  it("scales through the subresource and records it there", async () => {
    const { call } = await startWithDeployment();
    const scale = await call("PATCH", `${deployments}/web/scale`, {
      patch: "merge",
      body: { spec: { replicas: 5 } },
    });
    expect(scale.json).toMatchObject({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      spec: { replicas: 5 },
      status: { selector: "app=web" },
    });
    const { json } = await call("GET", `${deployments}/web`);
    expect(json).toMatchObject({ spec: { replicas: 5 }, metadata: { generation: 2 } });
    // Without a time, and therefore first.
    const [scaled] = (json["metadata"] as never as Meta).managedFields;
    expect(scaled).toMatchObject({ subresource: "scale", fieldsV1: { "f:spec": { "f:replicas": {} } } });
    expect(scaled).not.toHaveProperty("time");
  });

  it("changes nothing on a dry run, but checks and answers as if", async () => {
    const { call, cluster, created } = await startWithDeployment();
    const before = cluster.store.resourceVersion;
    const patched = await call("PATCH", `${deployments}/web?dryRun=All`, {
      patch: "strategic-merge",
      body: { spec: { template: { spec: { containers: [{ name: "web", image: "web:v2" }] } } } },
    });
    expect(patched.json).toMatchObject({
      metadata: {
        generation: 2,
        resourceVersion: (created.json["metadata"] as never as Meta).resourceVersion,
      },
      spec: { template: { spec: { containers: [{ image: "web:v2" }] } } },
    });
    const bad = await call("PATCH", `${deployments}/web?dryRun=All`, {
      patch: "merge",
      body: { spec: { replicas: -1 } },
    });
    expect(bad.code).toBe(422);
    await call("DELETE", `${deployments}/web?dryRun=All`);
    await call("POST", `${configMaps}?dryRun=All`, { body: configMap("a") });
    expect(cluster.store.resourceVersion).toBe(before);
  });

  it("answers a delete with what was removed", async () => {
    const { call } = await startWithDeployment();
    const gone = await call("DELETE", `${deployments}/web`);
    expect(gone.json).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { name: "web", kind: "deployments" },
    });
    expect((await call("GET", `${deployments}/web`)).code).toBe(404);
  });

  it("gives a Service an address of its own and keeps it through updates", async () => {
    const { call } = await startApi();
    const services = "/api/v1/namespaces/default/services";
    const spec = { ports: [{ port: 80 }] };
    const first = await call("POST", services, { body: { metadata: { name: "a" }, spec } });
    const second = await call("POST", services, { body: { metadata: { name: "b" }, spec } });
    const addressOf = ({ json }: typeof first) => (json["spec"] as never as { clusterIP: string }).clusterIP;
    expect(addressOf(first)).not.toBe(addressOf(second));
    const put = await call("PUT", `${services}/a`, { body: { metadata: { name: "a" }, spec } });
    expect(addressOf(put)).toBe(addressOf(first));
  });

  it("shows core events under events.k8s.io by that group's names", async () => {
    const { call } = await startApi();
    const event = {
      metadata: { name: "e", namespace: "default" },
      involvedObject: { kind: "Pod", name: "p", namespace: "default" },
      message: "hello",
      reason: "Because",
    };
    await call("POST", "/api/v1/namespaces/default/events", { body: event });
    const seen = await call("GET", "/apis/events.k8s.io/v1/namespaces/default/events/e");
    expect(seen.json).toMatchObject({
      note: "hello",
      regarding: { name: "p" },
      apiVersion: "events.k8s.io/v1",
    });
    const patched = await call("PATCH", "/apis/events.k8s.io/v1/namespaces/default/events/e", {
      patch: "merge",
      body: { note: "bye" },
    });
    expect(patched.json["note"]).toBe("bye");
    expect((await call("GET", "/api/v1/namespaces/default/events/e")).json["message"]).toBe("bye");
  });
});

describe("refusing", () => {
  it.each([
    ["GET", "/apis/nope/v1/things", 404, "404 page not found\n"],
    ["GET", "/nope", 404, "404 page not found\n"],
  ])("%s %s as a path nobody serves", async (method, path, code, text) => {
    const { call } = await startApi();
    const answer = await call(method, path);
    expect([answer.code, answer.text]).toEqual([code, text]);
  });

  const web = `${deployments}/web`;

  it.each<[string, [method: string, path: string, options?: RequestOptions], object]>([
    [
      "an unknown resource of a served group",
      ["GET", "/apis/apps/v1/namespaces/default/foos", {}],
      { code: 404, reason: "NotFound", message: "the server could not find the requested resource" },
    ],
    [
      "an object that is not there",
      ["GET", `${deployments}/nope`, {}],
      {
        code: 404,
        reason: "NotFound",
        message: 'deployments.apps "nope" not found',
        details: { name: "nope", group: "apps", kind: "deployments" },
      },
    ],
    [
      "a name that is taken",
      ["POST", deployments, { body: deployment("web") }],
      { code: 409, reason: "AlreadyExists", message: 'deployments.apps "web" already exists' },
    ],
    [
      "a namespace that is not there",
      ["POST", "/api/v1/namespaces/nope/configmaps", { body: { metadata: { name: "a" } } }],
      { code: 404, message: 'namespaces "nope" not found', details: { name: "nope", kind: "namespaces" } },
    ],
    [
      "a method the resource does not take",
      ["DELETE", "/api/v1/configmaps", {}],
      { code: 405, reason: "MethodNotAllowed" },
    ],
    [
      "a patch of another type",
      ["PATCH", web, { body: {} }],
      { code: 415, reason: "UnsupportedMediaType", message: "415: Unsupported Media Type" },
    ],
    [
      "a body that is no JSON",
      ["PATCH", web, { patch: "merge", body: "{" }],
      { code: 400, reason: "BadRequest", message: "error decoding patch: unexpected end of JSON input" },
    ],
    [
      "negative replicas",
      ["PATCH", web, { patch: "merge", body: { spec: { replicas: -1 } } }],
      {
        code: 422,
        reason: "Invalid",
        message:
          'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
        details: {
          name: "web",
          group: "apps",
          kind: "Deployment",
          causes: [
            {
              reason: "FieldValueInvalid",
              message: "Invalid value: -1: must be greater than or equal to 0",
              field: "spec.replicas",
            },
          ],
        },
      },
    ],
    [
      "another selector",
      [
        "PATCH",
        web,
        {
          patch: "merge",
          body: {
            spec: {
              selector: { matchLabels: { app: "x" } },
              template: { metadata: { labels: { app: "x" } } },
            },
          },
        },
      ],
      {
        code: 422,
        message:
          'Deployment.apps "web" is invalid: spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"x"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
      },
    ],
    [
      "a template the selector does not match",
      [
        "PATCH",
        web,
        { patch: "merge", body: { spec: { template: { metadata: { labels: { app: "x" } } } } } },
      ],
      {
        code: 422,
        message:
          'Deployment.apps "web" is invalid: spec.template.metadata.labels: Invalid value: map[string]string{"app":"x"}: `selector` does not match template `labels`',
      },
    ],
    [
      "a container without an image",
      [
        "PATCH",
        web,
        { patch: "merge", body: { spec: { template: { spec: { containers: [{ name: "a" }] } } } } },
      ],
      {
        code: 422,
        message: 'Deployment.apps "web" is invalid: spec.template.spec.containers[0].image: Required value',
      },
    ],
    [
      "a name that is no DNS name",
      ["POST", configMaps, { body: { metadata: { name: "Not_Valid" } } }],
      {
        code: 422,
        reason: "Invalid",
        details: { name: "Not_Valid", kind: "ConfigMap", causes: [{ field: "metadata.name" }] },
      },
    ],
    [
      "an update from an old version",
      ["PATCH", web, { patch: "merge", body: { metadata: { resourceVersion: "1" } } }],
      {
        code: 409,
        reason: "Conflict",
        message:
          'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
      },
    ],
    [
      "a dry run of another kind",
      ["POST", `${configMaps}?dryRun=Some`, { body: { metadata: { name: "a" } } }],
      { code: 422, details: { kind: "CreateOptions", causes: [{ field: "dryRun" }] } },
    ],
  ])("%s", async (_name, asked, status) => {
    const { call } = await startWithDeployment();
    const answer = await call(...asked);
    expect(answer.json).toMatchObject({ kind: "Status", apiVersion: "v1", status: "Failure", ...status });
    expect(answer.code).toBe((status as { code: number }).code);
  });
});
