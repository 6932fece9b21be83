import type { FieldDef, QueryArrayResult } from "pg";
import type { PsqlOptions } from "./options.ts";

/** Object identifiers of the types whose columns psql sets flush right. */
const numeric = new Set([20, 21, 23, 26, 700, 701, 790, 1700]);

export type Result = QueryArrayResult<(string | null)[]>;

/** What psql prints of a statement's result: rows as a table, else the command's tag. */
export function printResult(result: Result, statement: string, options: PsqlOptions): string {
  if (result.fields.length === 0) return options.quiet ? "" : `${tagOf(result, statement)}\n`;
  const names = result.fields.map(({ name }) => name);
  const rows = result.rows.map((row) => row.map((value) => value ?? ""));
  if (options.csv) {
    return [...(options.tuplesOnly ? [] : [names]), ...rows]
      .map((row) => `${row.map(csvCell).join(",")}\n`)
      .join("");
  }
  const count = `(${rows.length} ${rows.length === 1 ? "row" : "rows"})`;
  if (!options.aligned) {
    const lines = rows.map((row) => row.join(options.separator));
    const all = options.tuplesOnly ? lines : [names.join(options.separator), ...lines, count];
    return all.map((line) => `${line}\n`).join("");
  }
  return aligned(result.fields, rows, options.tuplesOnly ? undefined : count);
}

function aligned(fields: FieldDef[], rows: string[][], count: string | undefined): string {
  const widths = fields.map(({ name }, column) =>
    Math.max(count === undefined ? 0 : name.length, ...rows.map((row) => row[column]!.length)),
  );
  const last = fields.length - 1;
  const body = rows.map((row) =>
    row
      .map((value, column) => {
        const text = numeric.has(fields[column]!.dataTypeID)
          ? value.padStart(widths[column]!)
          : column === last
            ? value
            : value.padEnd(widths[column]!);
        return ` ${text}`;
      })
      .join(" |"),
  );
  if (count === undefined) return `${body.map((line) => `${line}\n`).join("")}\n`;
  const header = fields.map(({ name }, column) => ` ${centered(name, widths[column]!)} `).join("|");
  const rule = widths.map((width) => "-".repeat(width + 2)).join("+");
  return [header, rule, ...body, count, "", ""].join("\n");
}

function centered(text: string, width: number): string {
  const space = width - text.length;
  return `${" ".repeat(Math.floor(space / 2))}${text}`.padEnd(width);
}

const objects =
  /\b(database|extension|function|index|materialized view|role|schema|sequence|table|trigger|type|user|view)\b/i;

/** The server's tag of a command; of "CREATE TABLE" the driver keeps the first word only. */
function tagOf({ command, rowCount }: Result, statement: string): string {
  if (["CREATE", "ALTER", "DROP"].includes(command)) {
    return `${command} ${objects.exec(statement)?.[1]?.toUpperCase() ?? ""}`.trim();
  }
  if (command === "INSERT") return `INSERT 0 ${rowCount ?? 0}`;
  return ["UPDATE", "DELETE", "SELECT", "COPY", "MERGE"].includes(command)
    ? `${command} ${rowCount ?? 0}`
    : command;
}

function csvCell(value: string): string {
  return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
