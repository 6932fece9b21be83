import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Exec, KubeConfig } from "@kubernetes/client-node";
import type { V1Status } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { createPracticeDatabase } from "../../../sandbox/database/practice-database.ts";
import { cluster as seed, people } from "../../../sandbox/seed.ts";
import { kubectl } from "../../contract/kubectl/run.ts";
import { startPracticeCluster } from "../../support/practice-cluster.ts";
import type { PracticeCluster } from "../../support/practice-cluster.ts";
import { program } from "../../support/program.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const { namespace } = seed;
const home = temporaryFolder();
const database = createPracticeDatabase(temporaryFolder());
let practice: PracticeCluster;

beforeAll(async () => {
  practice = await startPracticeCluster();
  practice.cluster.database = () => database.address();
}, 60_000);
afterAll(async () => {
  await practice?.close();
  await database.close();
});

function podOf(app: string): string {
  const pods = practice.store.list("pods", namespace);
  return pods.find(({ metadata }) => metadata.labels?.["app"] === app)!.metadata.name;
}

function configFor(token?: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "practice", server: practice.url, skipTLSVerify: true }],
    users: [{ name: "me", ...(token && { token }) }],
    contexts: [{ name: "me", cluster: "practice", user: "me" }],
    currentContext: "me",
  });
  return config;
}

interface Ran {
  stdout: string;
  stderr: string;
  status: V1Status;
}

/** Runs a command with client-node's own Exec, as crai would. */
async function run(app: string, command: string[], stdin?: string): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const input = stdin === undefined ? null : new PassThrough();
  const { promise, resolve } = Promise.withResolvers<V1Status>();
  const exec = new Exec(configFor());
  await exec.exec(namespace, podOf(app), app, command, stdout, stderr, input, false, resolve);
  input?.end(stdin);
  const [status, out, err] = await Promise.all([promise, text(stdout), text(stderr)]);
  return { stdout: out, stderr: err, status };
}

describe("a command in a container", () => {
  it("gets its output and the end of it", async () => {
    const { stdout, status } = await run("api", ["echo", "hello", "there"]);
    expect(stdout).toBe("hello there\n");
    expect(status).toMatchObject({ status: "Success" });
  });

  it("tells its exit code", async () => {
    const { status } = await run("api", ["sh", "-c", "echo gone >&2 || exit 3"]);
    expect(status).toMatchObject({ status: "Failure", reason: "NonZeroExitCode" });
    const { status: second } = await run("api", ["sh", "-c", "false || exit 3"]);
    expect(second.details?.causes).toEqual([{ reason: "ExitCode", message: "3" }]);
  });

  it("cannot be a program the image lacks", async () => {
    const { status } = await run("api", ["psql", "-c", "select 1"]);
    expect(status.reason).toBe("InternalError");
    expect(status.message).toContain(
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "psql": executable file not found in $PATH',
    );
    const { stderr, status: inShell } = await run("api", ["sh", "-c", "psql"]);
    expect(stderr).toBe("sh: 1: psql: not found\n");
    expect(inShell.details?.causes?.[0]?.message).toBe("127");
  });

  it("reads what is piped into it", async () => {
    expect((await run("api", ["cat"], "one\ntwo\n")).stdout).toBe("one\ntwo\n");
  });

  it("has the container's environment, ConfigMaps and Secrets included", async () => {
    const { stdout } = await run("api", ["env"]);
    expect(stdout).toContain("MODEL_VERSION=2024.01\n");
    expect(stdout).toContain("JWT_SECRET=practice-only-jwt\n");
  });

  it("reaches other services by curl, and hears what PostgreSQL says to HTTP", async () => {
    const health = await run("api", ["curl", "-s", "http://api-service/health"]);
    expect(JSON.parse(health.stdout)).toMatchObject({ status: "ok" });
    const postgres = await run("api", ["curl", "postgres-service:5432"]);
    expect(postgres.stderr).toBe("curl: (52) Empty reply from server\n");
    expect(postgres.status.details?.causes?.[0]?.message).toBe("52");
    const nobody = await run("api", ["curl", "nobody"]);
    expect(nobody.stderr).toBe("curl: (6) Could not resolve host: nobody\n");
  });

  it("is shut off by a NetworkPolicy that allows nothing", async () => {
    const spec = { podSelector: { matchLabels: { app: "redis" } }, policyTypes: ["Egress"] };
    const policy = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", spec };
    const by = { manager: "test", now: new Date() };
    practice.store.create("networkpolicies", { ...policy, metadata: { name: "quarantine", namespace } }, by);
    const { stderr } = await run("redis", ["curl", "http://api-service/health"]);
    practice.store.delete("networkpolicies", namespace, "quarantine", by);
    expect(stderr).toContain("curl: (28)");
  });
});

function psql(...args: string[]): string[] {
  return ["psql", "-U", "postgres", "-d", "credit_risk_ai", ...args];
}

describe("psql in the postgres pod", () => {
  it("answers from a real database", async () => {
    const { stdout, status } = await run(
      "postgres",
      psql("-c", "select version, auc_roc from models order by 1"),
    );
    expect(stdout).toBe(
      " version | auc_roc \n---------+---------\n 2023.12 |  0.8712\n 2024.01 |  0.8841\n(2 rows)\n\n",
    );
    expect(status.status).toBe("Success");
  });

  it("gives bare values to scripts", async () => {
    expect((await run("postgres", psql("-tAc", "select count(*), 'a' from applications"))).stdout).toBe(
      "500|a\n",
    );
  });

  it("shows its own connection among those of the server", async () => {
    const activity = "select application_name, state from pg_stat_activity where pid = pg_backend_pid()";
    expect((await run("postgres", psql("-tAc", activity))).stdout).toBe("psql|active\n");
  });

  it("says what is wrong with a statement, and where", async () => {
    const { stderr, status } = await run("postgres", psql("-c", "select nothing from models"));
    expect(stderr).toBe(
      'ERROR:  column "nothing" does not exist\nLINE 1: select nothing from models\n               ^\n',
    );
    expect(status.details?.causes?.[0]?.message).toBe("1");
  });

  it("says which database is not there", async () => {
    const { stderr, status } = await run("postgres", ["psql", "-U", "postgres", "nowhere", "-c", "select 1"]);
    expect(stderr).toContain('FATAL:  database "nowhere" does not exist');
    expect(status.details?.causes?.[0]?.message).toBe("2");
  });

  it("runs a script from stdin to its end, or to the first error when asked", async () => {
    const script =
      "create temp table t (a int);\ninsert into t values (1), (2);\nbroken;\nselect ';' from t;\n";
    const all = await run("postgres", psql("-tA"), script);
    expect(all.stdout).toBe("CREATE TABLE\nINSERT 0 2\n;\n;\n");
    expect(all.stderr).toContain("psql:<stdin>:3: ERROR:  syntax error");
    expect(all.status.status).toBe("Success");
    const stopped = await run("postgres", psql("-tA", "-v", "ON_ERROR_STOP=1"), script);
    expect(stopped.stdout).toBe("CREATE TABLE\nINSERT 0 2\n");
    expect(stopped.status.details?.causes?.[0]?.message).toBe("3");
  });

  it("restores nothing and is content when nothing is piped in", async () => {
    const { stdout, status } = await run("postgres", psql());
    expect(stdout).toBe("");
    expect(status.status).toBe("Success");
  });
});

describe.runIf(program("kubectl"))("kubectl exec", () => {
  function exec(args: string[], input?: string) {
    const target = { flags: ["--server", practice.url], env: { KUBECONFIG: join(home, "none"), HOME: home } };
    return kubectl(target, ["exec", "-n", namespace, ...args], input === undefined ? {} : { input });
  }

  it("runs psql with what is piped in, and passes its exit code on", async () => {
    const piped = await exec(
      ["-i", "deployment/postgres-deployment", "--", ...psql("-tA")],
      "select 40 + 2;\n",
    );
    expect(piped).toEqual({ stdout: "42\n", stderr: "", exitCode: 0 });
    const failed = await exec(["deployment/postgres-deployment", "--", ...psql("-c", "broken")]);
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain("command terminated with exit code 1");
  });

  it("restores nothing from a file that is redirected without -i", async () => {
    const { stdout } = await exec(
      ["deployment/postgres-deployment", "--", ...psql("-tA")],
      "drop table models;",
    );
    expect(stdout).toBe("");
    expect((await run("postgres", psql("-tAc", "select count(*) from models"))).stdout).toBe("2\n");
  });
});

describe("who may enter a container", () => {
  function attempt(path: string, token?: string): Promise<{ code: number; message: string }> {
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const socket = new WebSocket(practice.url.replace("http", "ws") + path, ["v5.channel.k8s.io"], {
      headers,
    });
    return new Promise((resolve, reject) => {
      socket.on("unexpected-response", (_req, res) => {
        void text(res).then((body) =>
          resolve({ code: res.statusCode ?? 0, message: (JSON.parse(body) as { message: string }).message }),
        );
      });
      socket.on("open", () => {
        socket.close();
        resolve({ code: 101, message: "" });
      });
      socket.on("error", reject);
    });
  }

  const path = (pod: string, query = "command=ls&stdout=true") =>
    `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`;

  it("is decided by the right to get pods/exec, as it is for a WebSocket", async () => {
    expect(await attempt(path(podOf("api")), people.robin.token)).toEqual({
      code: 403,
      message: `pods "${podOf("api")}" is forbidden: User "${people.robin.kubernetes.user}" cannot get resource "pods/exec" in API group "" in the namespace "${namespace}"`,
    });
    expect((await attempt(path(podOf("api")), people.alex.token)).code).toBe(101);
  });

  it("does not open what is not there", async () => {
    expect(await attempt(path("nobody"))).toEqual({ code: 404, message: 'pods "nobody" not found' });
    expect((await attempt(path(podOf("api"), "command=ls&stdout=true&container=x"))).message).toBe(
      `container x is not valid for pod ${podOf("api")}`,
    );
  });

  it("is in the audit log with the command", async () => {
    await run("api", ["echo", "audited"]);
    await vi.waitFor(() =>
      expect(practice.audit.at(-1)).toMatchObject({
        verb: "get",
        objectRef: { subresource: "exec" },
        requestURI: expect.stringContaining("command=audited"),
        responseStatus: { code: 101 },
      }),
    );
  });

  it("speaks the older protocol too", async () => {
    const url =
      practice.url.replace("http", "ws") + path(podOf("api"), "command=echo&command=hi&stdout=true");
    const socket = new WebSocket(url, ["v4.channel.k8s.io"]);
    const frames: Buffer[] = [];
    socket.on("message", (data: Buffer) => frames.push(data));
    await new Promise((resolve) => socket.once("close", resolve));
    expect(socket.protocol).toBe("v4.channel.k8s.io");
    const [output, status] = frames.map((frame) => [frame[0], frame.subarray(1).toString()]);
    expect(output).toEqual([1, "hi\n"]);
    expect(status).toEqual([3, '{"metadata":{},"status":"Success"}']);
  });
});
