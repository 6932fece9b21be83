const formats: Record<string, Intl.DateTimeFormatOptions> = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit", hour12: false },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
};

/** Slack's `<!date^…>` tokens ("{date_short_pretty} at {time}") in the reader's time zone. */
export function formatDateTokens(seconds: number, format: string, now = new Date()): string {
  const at = new Date(seconds * 1000);
  return format.replaceAll(/\{(\w+)\}/g, (token, name: string) => {
    if (name === "ago") return ago(at, now);
    const pretty = name.endsWith("_pretty") ? dayName(at, now) : undefined;
    const options = formats[name.replace(/_pretty$/, "")];
    return pretty ?? (options ? new Intl.DateTimeFormat("en", options).format(at) : token);
  });
}

/** "Today", "Yesterday", or undefined for any other day. */
function dayName(at: Date, now: Date): string | undefined {
  if (at.toDateString() === now.toDateString()) return "Today";
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  return at.toDateString() === yesterday.toDateString() ? "Yesterday" : undefined;
}

function ago(at: Date, now: Date): string {
  const minutes = Math.round((now.getTime() - at.getTime()) / 60_000);
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (Math.abs(minutes) < 60) return relative.format(-minutes, "minute");
  if (Math.abs(minutes) < 60 * 24) return relative.format(-Math.round(minutes / 60), "hour");
  return relative.format(-Math.round(minutes / 60 / 24), "day");
}

/** A message's `ts` as a date. */
export function dateOfTs(ts: string): Date {
  return new Date(Number(ts) * 1000);
}

export function clockTime(ts: string): string {
  return formatDateTokens(Number(ts), "{time}");
}

/** The day a message stands under in the channel: "Today", "Yesterday", "Monday, April 12, 2026". */
export function dayLabel(ts: string): string {
  return formatDateTokens(Math.floor(Number(ts)), "{date_long_pretty}");
}
