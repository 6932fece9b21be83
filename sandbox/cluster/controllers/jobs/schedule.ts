const shortcuts: Record<string, string> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

interface FieldRange {
  from: number;
  to: number;
  names?: string[];
}

const ranges: FieldRange[] = [
  { from: 0, to: 59 },
  { from: 0, to: 23 },
  { from: 1, to: 31 },
  { from: 1, to: 12, names: months },
  { from: 0, to: 7, names: weekdays },
];

/** The five fields of a cron expression, each as the set of its values; undefined: it is none. */
export function parseSchedule(text: string): Set<number>[] | undefined {
  const fields = (shortcuts[text.trim()] ?? text).trim().split(/\s+/);
  if (fields.length !== ranges.length) return undefined;
  const sets = fields.map((field, index) => valuesOf(field, ranges[index]!));
  return sets.every((set) => set !== undefined) ? sets : undefined;
}

function valuesOf(field: string, range: FieldRange): Set<number> | undefined {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const [, span = "", step = "1"] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
    const [from, to] = spanOf(span, range, part.includes("/"));
    if (!(from >= range.from && to <= range.to && from <= to) || Number(step) < 1) return undefined;
    for (let value = from; value <= to; value += Number(step))
      values.add(range.names === weekdays ? value % 7 : value);
  }
  return values;
}

function spanOf(span: string, { from, to, names }: FieldRange, stepped: boolean): [number, number] {
  if (span === "*" || span === "?") return [from, names === weekdays ? 6 : to];
  const [first = NaN, last] = span.split("-").map((word) => numberOf(word, names, from));
  return [first, last ?? (stepped ? to : first)];
}

function numberOf(word: string, names: string[] | undefined, first: number): number {
  const named = names?.indexOf(word.toUpperCase()) ?? -1;
  return named >= 0 ? named + first : /^\d+$/.test(word) ? Number(word) : NaN;
}

/**
 * Whether a schedule names the minute of a moment, in a time zone. When both days are restricted, either will do
 * (source: crontab(5)).
 */
export function isDue(schedule: string, moment: Date, timeZone = "UTC"): boolean {
  const sets = parseSchedule(schedule);
  if (!sets) return false;
  const [minutes, hours, days, monthsOf, weekdaysOf] = sets as [
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
  ];
  const at = partsOf(moment, timeZone);
  const [anyDay, anyWeekday] = [days.size === 31, weekdaysOf.size === 7];
  const [day, weekday] = [days.has(at.day), weekdaysOf.has(at.weekday)];
  const onDay = anyDay || anyWeekday ? day && weekday : day || weekday;
  return minutes.has(at.minute) && hours.has(at.hour) && monthsOf.has(at.month) && onDay;
}

function partsOf(moment: Date, timeZone: string) {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    minute: "numeric",
    hour: "numeric",
    day: "numeric",
    month: "numeric",
    weekday: "short",
  });
  const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  return {
    minute: Number(parts["minute"]),
    hour: Number(parts["hour"]),
    day: Number(parts["day"]),
    month: Number(parts["month"]),
    weekday: weekdays.indexOf((parts["weekday"] ?? "").toUpperCase()),
  };
}
