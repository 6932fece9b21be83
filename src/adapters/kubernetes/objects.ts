import { isRefusal } from "../../engine/cluster-refusal.ts";
import type { JsonObject, Objects, Written } from "../../engine/ports.ts";
import type { Api } from "./api.ts";
import { createDiscovery } from "./discovery.ts";
import { exec } from "./exec.ts";
import { eachOf } from "./list.ts";
import { patchTypes } from "./patch-types.ts";
import type { Call } from "./resource-path.ts";

function queryOf({ fieldManager }: Written): { fieldManager: string } {
  return { fieldManager };
}

/** Objects of any kind, in one actor's name. */
export function createObjects(api: Api): Objects {
  const kindOf = createDiscovery(api);
  return {
    kindOf,

    async get(ref) {
      try {
        return await api.get({ verb: "get", ...ref });
      } catch (error) {
        if (isRefusal(error, "not-found")) return null;
        throw error;
      }
    },

    list: (of, query = {}) => eachOf(api, { verb: "list", ...of }, query),

    create(of, object, write) {
      const { dryRun = false } = write;
      return api.create({ verb: "create", ...of }, object, { query: queryOf(write), dryRun });
    },

    apply(ref, object, { force = false, dryRun = false, ...write }) {
      return api.patch(
        { verb: "patch", ...ref },
        {
          // JSON is YAML, and the one spelling that cannot be read in two ways.
          contentType: "application/apply-patch+yaml",
          body: object,
          query: { ...queryOf(write), force: String(force) },
          dryRun,
        },
      );
    },

    patch(ref, { type, body, subresource, dryRun = false, ...write }) {
      const call: Call = { verb: "patch", ...ref, ...(subresource !== undefined && { subresource }) };
      return api.patch(call, { contentType: patchTypes[type], body, query: queryOf(write), dryRun });
    },

    async remove(ref, uid) {
      await api.delete(
        { verb: "delete", ...ref },
        {
          apiVersion: "v1",
          kind: "DeleteOptions",
          preconditions: { uid },
          propagationPolicy: "Background",
        },
      );
    },

    async evict({ namespace, name, uid }) {
      const call: Call = {
        verb: "create",
        group: "",
        resource: "pods",
        subresource: "eviction",
        namespace,
        name,
      };
      const eviction: JsonObject = {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { name, namespace },
        deleteOptions: { preconditions: { uid } },
      };
      await api.create(call, eviction, { query: {}, dryRun: false });
    },

    logs({ namespace, name, container }, { tailLines, sinceSeconds, previous = false }) {
      const call: Call = { verb: "get", group: "", resource: "pods", subresource: "log", namespace, name };
      return api.text(call, {
        tailLines: String(tailLines),
        ...(container !== undefined && { container }),
        ...(sinceSeconds !== undefined && { sinceSeconds: String(sinceSeconds) }),
        ...(previous && { previous: "true" }),
      });
    },

    exec: (pod, command, options) => exec(api, pod, command, options),
  };
}
