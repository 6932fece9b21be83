import { join, posix } from "node:path";
import { child, items, textOr } from "../fields.ts";
import { containerNamed } from "./environment.ts";
import type { Process } from "./process.ts";

/** Where a path of the container is on this machine; undefined: on none of its shares (volumes of kind nfs). */
export async function onShare(process: Process, path: string): Promise<string | undefined> {
  const { pod, container, system } = process;
  const wanted = posix.normalize(path);
  const volumes = items(child(pod, "spec"), "volumes");
  for (const mount of items(containerNamed(pod, container), "volumeMounts")) {
    const share = child(
      volumes.find((one) => one["name"] === mount["name"]),
      "nfs",
    );
    const at = posix.normalize(textOr(mount["mountPath"], ""));
    if (share === undefined || (wanted !== at && !wanted.startsWith(`${at}/`))) continue;
    const root = await system.shares?.();
    return root === undefined ? undefined : join(root, textOr(share["path"], ""), wanted.slice(at.length));
  }
  return undefined;
}
