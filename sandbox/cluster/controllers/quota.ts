import { amountText } from "../admission/amounts.ts";
import { hardOf, usageOf } from "../admission/quota.ts";
import { sameJson } from "../object.ts";
import type { Controller } from "./controller.ts";

/** Keeps what is used of each ResourceQuota. Keys are namespaces. */
export const quotaController: Controller = {
  observe(_plural, object, add) {
    if (object.metadata.namespace) add(object.metadata.namespace);
  },
  reconcile(bench, namespace) {
    for (const quota of bench.store.list("resourcequotas", namespace)) {
      const hard = hardOf(quota);
      const used = Object.fromEntries(
        Object.entries(usageOf(bench.store, quota)).map(([name, amount]) => [name, amountText(name, amount)]),
      );
      const status = { hard, used };
      if (!sameJson(status, quota["status"]))
        bench.store.updateStatus("resourcequotas", { ...quota, status }, bench.by());
    }
  },
};
