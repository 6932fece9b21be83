import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Config } from "../../domain/config.ts";
import type { Queries } from "../../store/database.ts";
import { setOnce } from "../../store/deadlines.ts";
import type { Row } from "../../store/tables.ts";
import { appChannel } from "../owners.ts";
import { show } from "../record.ts";
import { alertView } from "./alert-view.ts";

type Channels = Pick<Config, "apps" | "slack" | "deadlines">;

/** A warning is one message in the app's channel, edited as it repeats, is taken and resolves; somebody is to take it in time. */
export async function showWarning(
  trx: Queries,
  config: Channels,
  row: Row<"alert">,
  at: Date,
): Promise<void> {
  const channel = appChannel(config, row.app);
  if (channel === undefined) return;
  const telling = { key: `alert:${row.id}`, about: row.incident };
  await show(trx, telling, { do: "post", channel: { id: channel }, view: alertView(row) }, at);
  if (row.status === "firing" && row.assigned_to === null)
    await setOnce(trx, {
      key: `alert:${row.id}:assign`,
      kind: "alert.assign",
      subject: { alert: row.id },
      dueAt: addMilliseconds(at, config.deadlines.assign),
    });
}
