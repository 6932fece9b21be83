import type { View } from "../../domain/view.ts";
import type { Row } from "../../store/tables.ts";

const marks = { firing: "🟡", resolved: "🟢" } as const;

/** A warning as one line that is edited: what, how often, until when. */
export function alertView(alert: Row<"alert">): View {
  // Told once that it fires and once that it is over: more than that is worth saying.
  const count = alert.received > 2 ? ` (${alert.received} received)` : "";
  const summary = `${alert.app ?? alert.source}: ${alert.title}${count}`;
  const description = alert.body.annotations["summary"] ?? alert.body.annotations["description"];
  return {
    summary,
    blocks: [
      {
        type: "text",
        text: [`${alert.silent_at === null ? marks[alert.status] : "⚪"} `, { bold: summary }],
      },
      ...(description === undefined ? [] : [{ type: "text", text: description } as const]),
      {
        type: "note",
        text: [
          "fired ",
          { time: alert.starts_at, as: "clock" },
          ...(alert.ends_at === null ? [] : [", resolved ", { time: alert.ends_at, as: "clock" } as const]),
          ...(alert.silent_at === null
            ? []
            : [", not heard since ", { time: alert.last_received_at, as: "clock" } as const]),
          ...(alert.body.url === null ? [] : [" · ", { link: alert.body.url, text: "source" }]),
        ],
      },
    ],
  };
}
