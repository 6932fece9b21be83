import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controlPlane } from "../support/program.ts";
import { createCluster } from "../../sandbox/cluster/server.ts";
import { ask } from "./kube-api/answers.ts";
import type { Answer, ApiTarget } from "./kube-api/answers.ts";
import { cases, fixtures } from "./kube-api/cases.ts";
import { startControlPlane } from "./kubectl/real.ts";
import type { RunningTarget } from "./kubectl/real.ts";

const recordedFile = join(import.meta.dirname, "recorded/kube-api.json");
const recording = process.env["CRAI_RECORD"] === "1";
const assets = controlPlane();

type Recorded = Record<string, Answer>;

async function prepare(target: ApiTarget): Promise<void> {
  for (const { path, body } of fixtures) {
    const { code } = await ask(target, { method: "POST", path, body });
    if (code !== 201) throw new Error(`POST ${path} was answered ${code}`);
  }
}

describe.skipIf(recording)("the practice cluster answers as a control plane answered", () => {
  const cluster = createCluster({ identities: [], now: () => new Date() });
  const server = createServer((req, res) => void cluster.handle(req, res));
  let target: ApiTarget;
  const recorded = recording ? {} : (JSON.parse(readFileSync(recordedFile, "utf8")) as Recorded);

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    target = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    await prepare(target);
  });
  afterAll(async () => {
    await cluster.close();
    server.closeAllConnections();
    server.close();
  });

  it.each(cases.map((one) => [one.name, one] as const))("%s", async (name, one) => {
    expect(await ask(target, one)).toEqual(recorded[name]);
  });

  it("has no recorded answer without its case", () => {
    expect(Object.keys(recorded).toSorted()).toEqual(cases.map((one) => one.name).toSorted());
  });
});

describe.runIf(assets)("a control plane still answers as recorded", () => {
  let plane: RunningTarget;
  let target: ApiTarget;
  const answers: Recorded = {};

  beforeAll(async () => {
    plane = await startControlPlane(assets!);
    const kubeconfig = plane.env["KUBECONFIG"]!;
    const { clusters } = parse(readFileSync(kubeconfig, "utf8")) as {
      clusters: { cluster: { server: string } }[];
    };
    const token = readFileSync(join(dirname(kubeconfig), "../pki/admin.token"), "utf8").trim();
    target = { url: clusters[0]!.cluster.server, token };
    await prepare(target);
  }, 200_000);
  afterAll(async () => {
    await plane.close();
    if (!recording) return;
    const lines = Object.entries(answers).map(
      ([name, answer]) => `${JSON.stringify(name)}: ${JSON.stringify(answer)}`,
    );
    writeFileSync(recordedFile, `{\n${lines.join(",\n")}\n}\n`);
  });

  it.each(cases.map((one) => [one.name, one] as const))("%s", async (name, one) => {
    answers[name] = await ask(target, one);
    if (recording) return;
    const recorded = JSON.parse(readFileSync(recordedFile, "utf8")) as Recorded;
    expect(answers[name]).toEqual(recorded[name]);
  });
});
