import { child, items } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { KubeObject } from "../object.ts";
import type { Store } from "../store.ts";
import { selects } from "../controllers/selectors.ts";
import type { Process } from "./process.ts";

/** Ports on which something answers that is not HTTP. */
const otherProtocols = new Set([5432, 6379]);

/** curl to a Service of the cluster, as far as anybody asks whether it answers. */
export function curl(process: Process): number {
  const { argv, out, err } = process;
  const silent = argv.some((word) => /^-[a-zA-Z]*s|^--silent$/.test(word));
  const shows = !silent || argv.some((word) => /^-[a-zA-Z]*S|^--show-error$/.test(word));
  const format = after(argv, "-w", "--write-out");
  const discards = after(argv, "-o", "--output") !== undefined;
  const fails = argv.some((word) => /^-[a-zA-Z]*f|^--fail$/.test(word));
  const address = argv.slice(1).find((word, index) => !word.startsWith("-") && !takesValue(argv[index]!));
  if (address === undefined) {
    err("curl: try 'curl --help' for more information\n");
    return 2;
  }
  const url = new URL(/^\w+:\/\//.test(address) ? address : `http://${address}`);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const answer = ask(process, { host: url.hostname, port, path: url.pathname });
  if ("code" in answer) {
    if (shows) err(`curl: (${answer.code}) ${answer.message}\n`);
    if (format) out(written(format, 0));
    return answer.code;
  }
  if (fails && answer.status >= 400) {
    if (shows) err(`curl: (22) The requested URL returned error: ${answer.status}\n`);
    return 22;
  }
  if (!discards) out(answer.body);
  if (format) out(written(format, answer.status));
  return 0;
}

const withValue = [
  "-w",
  "--write-out",
  "-o",
  "--output",
  "-X",
  "--request",
  "-H",
  "--header",
  "-d",
  "--data",
];
const withTime = ["-m", "--max-time", "--connect-timeout", "--retry"];

function takesValue(word: string): boolean {
  return withValue.includes(word) || withTime.includes(word);
}

function after(argv: readonly string[], ...names: string[]): string | undefined {
  const at = argv.findIndex((word) => names.includes(word));
  return at < 0 ? undefined : argv[at + 1];
}

function written(format: string, status: number): string {
  const code = String(status).padStart(3, "0");
  return format.replaceAll("%{http_code}", code).replaceAll(String.raw`\n`, "\n");
}

interface Question {
  host: string;
  port: number;
  path: string;
}

type CurlAnswer = { status: number; body: string } | { code: number; message: string };

function ask({ pod, system: { store } }: Process, { host, port, path }: Question): CurlAnswer {
  if (["localhost", "127.0.0.1"].includes(host)) return respond(path, pod);
  const [name = "", namespace = pod.metadata.namespace] = host.split(".");
  const service = store.get("services", namespace, name);
  if (!service) return { code: 6, message: `Could not resolve host: ${host}` };
  const timeout = {
    code: 28,
    message: `Failed to connect to ${host} port ${port} after 130000 ms: Connection timed out`,
  };
  if (denied(store, pod, "Egress")) return timeout;
  const refused = {
    code: 7,
    message: `Failed to connect to ${host} port ${port} after 1 ms: Connection refused`,
  };
  const served = items(child(service, "spec"), "ports").find((one) => one["port"] === port);
  const behind = readyPods(store, service);
  if (!served || behind.length === 0) return refused;
  if (behind.every((one) => denied(store, one, "Ingress"))) return timeout;
  if (otherProtocols.has(port)) return { code: 52, message: "Empty reply from server" };
  return respond(path, behind[0]!);
}

function respond(path: string, pod: KubeObject): CurlAnswer {
  const app = pod.metadata.labels?.["app"] ?? pod.metadata.name;
  if (["/", "/health", "/ready"].includes(path)) {
    return { status: 200, body: `${JSON.stringify({ status: "ok", app })}\n` };
  }
  return { status: 404, body: `${JSON.stringify({ detail: "Not Found" })}\n` };
}

function readyPods(store: Store, service: KubeObject): KubeObject[] {
  const { name, namespace } = service.metadata;
  const subsets = items(store.get("endpoints", namespace, name), "subsets");
  const names = subsets.flatMap((subset) =>
    items(subset, "addresses").map((one) => String(child(one, "targetRef")?.["name"])),
  );
  return names.flatMap((one) => store.get("pods", namespace, one) ?? []);
}

/** Whether a NetworkPolicy shuts a pod off in one direction: it selects the pod and allows nothing. */
function denied(store: Store, pod: KubeObject, direction: "Ingress" | "Egress"): boolean {
  const policies = store
    .list("networkpolicies", pod.metadata.namespace)
    .map((policy) => child(policy, "spec") ?? {})
    .filter((spec) => hasType(spec, direction))
    .filter((spec) => selects(child(spec, "podSelector") ?? {}, pod.metadata.labels));
  return policies.length > 0 && policies.every((spec) => items(spec, direction.toLowerCase()).length === 0);
}

function hasType(spec: Fields, direction: string): boolean {
  return Array.isArray(spec["policyTypes"]) && spec["policyTypes"].includes(direction);
}
