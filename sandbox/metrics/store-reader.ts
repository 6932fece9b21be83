import type { Store } from "../cluster/store.ts";
import type { KubeReader } from "./kube-reader.ts";

/**
 * Reads the practice cluster without its API server: pods go on serving while that is down, and its audit log shows
 * only what people and crai do.
 */
export function storeReader(store: Store): KubeReader {
  return (path) => {
    const [, namespace, plural] = /^\/(?:api|apis\/apps)\/v1\/namespaces\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    if (plural === undefined)
      return Promise.reject(new Error(`The practice cluster's store has no ${path}.`));
    return Promise.resolve({ items: store.list(plural, namespace) });
  };
}
