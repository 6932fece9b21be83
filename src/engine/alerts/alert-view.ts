import type { Block, Inline, View } from "../../domain/view.ts";
import type { Row } from "../../store/tables.ts";
import { actorInline } from "../people.ts";

const marks = { firing: "🟡", resolved: "🟢" } as const;

/** By what commands name an alert. */
export function alertName({ id }: Pick<Row<"alert">, "id">): string {
  return `A${id}`;
}

function assignee({ assigned_to: to, assigned_at: at }: Row<"alert">): Inline[] {
  if (to === null || at === null) return [];
  return [" · taken by ", actorInline(to), " ", { time: at, as: "clock" }];
}

/** A warning belongs to somebody within the hour: whoever presses first. */
function takeButton(alert: Row<"alert">): Block[] {
  if (alert.status !== "firing" || alert.silent_at !== null || alert.assigned_to !== null) return [];
  return [{ type: "buttons", buttons: [{ label: "I take it", command: `take ${alertName(alert)}` }] }];
}

/** Who is asked to take what nobody has taken, an hour on. */
export function unassignedView(
  alerts: readonly Row<"alert">[],
  { owner, lasted }: { owner: Inline; lasted: string },
): View {
  const count = alerts.length === 1 ? "a warning" : `${alerts.length} warnings`;
  const summary = `Nobody has taken ${count} for ${lasted}.`;
  return {
    summary,
    blocks: [
      { type: "text", text: ["⌛ ", owner, `: nobody has taken ${count} for ${lasted}.`] },
      {
        type: "list",
        items: alerts
          .slice(0, NAMED)
          .map((alert) => [
            { bold: `${alert.app ?? alert.source}: ${alert.title}` },
            ` (${alertName(alert)}), since `,
            { time: alert.starts_at, as: "clock" },
          ]),
      },
      ...(alerts.length > NAMED
        ? [{ type: "note", text: `and ${alerts.length - NAMED} more` } as const]
        : []),
      {
        type: "buttons",
        buttons: alerts.slice(0, NAMED).map((alert) => ({
          label: alerts.length === 1 ? "I take it" : `I take ${alertName(alert)}`,
          command: `take ${alertName(alert)}`,
        })),
      },
    ],
  };
}

/** Alerts that one message names; each has its own anyway. */
const NAMED = 5;

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
          `${alertName(alert)} · fired `,
          { time: alert.starts_at, as: "clock" },
          ...(alert.ends_at === null ? [] : [", resolved ", { time: alert.ends_at, as: "clock" } as const]),
          ...(alert.silent_at === null
            ? []
            : [", not heard since ", { time: alert.last_received_at, as: "clock" } as const]),
          ...assignee(alert),
          ...(alert.body.url === null ? [] : [" · ", { link: alert.body.url, text: "source" }]),
        ],
      },
      ...takeButton(alert),
    ],
  };
}
