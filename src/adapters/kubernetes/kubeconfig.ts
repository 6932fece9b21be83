import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { quoted } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";

/** How crai.yaml names a cluster: a context of the kubeconfig, or the service account of the pod crai runs in. */
export interface ClusterSource {
  context?: string | undefined;
  inCluster: boolean;
}

/** KUBECONFIG may name several files; as in kubectl, the first one's current context counts. */
function readFiles(config: KubeConfig, paths: string): void {
  const [first, ...others] = paths.split(delimiter).filter(Boolean);
  if (first === undefined) return;
  config.loadFromFile(first);
  for (const path of others) {
    const more = new KubeConfig();
    more.loadFromFile(path);
    config.mergeConfig(more, true);
  }
}

function load(paths: string | null, source: ClusterSource): KubeConfig {
  const config = new KubeConfig();
  if (source.inCluster) config.loadFromCluster();
  else if (paths === null) config.loadFromDefault();
  else readFiles(config, paths);
  return config;
}

/** Plain HTTP to this machine has no TLS to verify; client-node wants that said. Elsewhere its refusal stands. */
function allowLoopback(config: KubeConfig): void {
  const cluster = config.getCurrentCluster();
  if (!cluster || !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\])([:/]|$)/.test(cluster.server)) return;
  config.clusters = config.clusters.map((other) =>
    other.name === cluster.name ? { ...other, skipTLSVerify: true } : other,
  );
}

/** Reads credentials for one cluster. Throws a UserError that says which file or context is wrong. */
export function loadKubeConfig(paths: string | null, name: string, source: ClusterSource): KubeConfig {
  let config: KubeConfig;
  try {
    config = load(paths, source);
  } catch (cause) {
    throw new UserError(`Cannot read the credentials for cluster ${name}`, {
      why: cause instanceof Error ? cause.message : String(cause),
      next: source.inCluster
        ? "inCluster: true works only in a pod with a service account token."
        : "Set KUBECONFIG to a kubeconfig file.",
      cause,
    });
  }
  if (source.context !== undefined) {
    if (!config.getContextObject(source.context)) {
      const known = config.getContexts().map((context) => context.name);
      throw new UserError(`The kubeconfig has no context "${source.context}"`, {
        why: `crai.yaml names it for cluster ${name}. The kubeconfig has: ${known.join(", ") || "none"}.`,
        next: "Correct clusters.<name>.context, or set KUBECONFIG to the file that has it.",
      });
    }
    config.setCurrentContext(source.context);
  }
  // Outside a pod, loadFromCluster makes an address of what is not set.
  if (!URL.canParse(config.getCurrentCluster()?.server ?? ""))
    throw new UserError(`It is not known where cluster ${name} is`, {
      why: source.inCluster ? "This is no pod of a cluster." : "The kubeconfig gives no server for it.",
      next: source.inCluster
        ? "inCluster: true works only in a pod with a service account token."
        : "Set clusters.<name>.context in crai.yaml to a context whose cluster has a server.",
    });
  allowLoopback(config);
  return config;
}

/**
 * A terminal takes its caller for who authenticates at the API server. Throws a UserError for a kubeconfig that would
 * lend them another name: by impersonation, or by letting anybody answer in the API server's place.
 */
export function demandOwnIdentity(paths: string | null, name: string, source: ClusterSource): void {
  const config = loadKubeConfig(paths, name, source);
  const as = config.getCurrentUser()?.impersonateUser;
  if (as)
    throw new UserError(`Your kubeconfig acts as ${quoted(as)} in cluster ${name}.`, {
      why: "crai takes you for who logs in there, and for nobody whom they may impersonate.",
      next: "Remove `as` from the user of this context, or choose another one with --context.",
    });
  const { server = "", proxyUrl, skipTLSVerify } = config.getCurrentCluster() ?? {};
  const plain = new URL(server).protocol === "http:";
  if (plain ? proxyUrl : skipTLSVerify)
    throw new UserError(`Your kubeconfig does not check that it is cluster ${name} that answers.`, {
      why: `Whoever answers in its place could call you what they like: ${plain ? "proxy-url" : "insecure-skip-tls-verify"} is set.`,
      next: "Take it out of your kubeconfig, and give the cluster's certificate-authority.",
    });
}

/** The API server's URL and its CA's SHA-256: what two kubeconfigs have in common when they mean the same cluster. */
export function endpointOf(config: KubeConfig): { server: string; ca: string | null } {
  const cluster = config.getCurrentCluster();
  const ca = cluster?.caFile
    ? readFileSync(cluster.caFile)
    : cluster?.caData
      ? Buffer.from(cluster.caData, "base64")
      : null;
  return {
    server: new URL(cluster?.server ?? "").href.replace(/\/$/, ""),
    ca: ca === null ? null : createHash("sha256").update(ca.toString("utf8").trim()).digest("hex"),
  };
}
