import { watch } from "node:fs";
import type { Logger } from "pino";
import { isUserError } from "../../domain/errors.ts";

/** ms: editors write a file in several steps. */
const QUIET = 200;

/** Reads the playbooks again when a file in their folder changes; bad ones are logged and the old ones stay in force. */
export function watchPlaybooks({
  folder,
  reload,
  log,
}: {
  folder: string;
  reload: () => void;
  log: Logger;
}): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      try {
        reload();
        log.info({ folder }, "playbooks read again");
      } catch (err) {
        // Thrown from here it would end the process, and the playbooks in force are good.
        log.error(
          isUserError(err) ? { folder, problems: err.why } : { folder, err },
          "playbooks not replaced",
        );
      }
    }, QUIET);
  });
  watcher.on("error", (err) => log.warn({ err, folder }, "playbooks are not watched"));
  return {
    stop() {
      clearTimeout(timer);
      watcher.close();
    },
  };
}
