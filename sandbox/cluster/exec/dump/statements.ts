import { escapeIdentifier, escapeLiteral } from "pg";
import type { Client } from "pg";

interface Column {
  name: string;
  type: string;
  required: boolean;
  identity: "" | "a" | "d";
  default: string | null;
}

interface Constraint {
  name: string;
  definition: string;
}

const tables =
  "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by oid";
const columns = `select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as required,
  attidentity as identity, pg_get_expr(adbin, adrelid) as default
  from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
  where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`;
// Foreign keys last: they need the other tables' keys.
const constraints = `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
  where conrelid = $1::regclass and contype in ('p', 'u', 'c', 'f') and (contype = 'f') = $2 order by contype desc, conname`;
const indexes = `select pg_get_indexdef(indexrelid) as definition from pg_index
  where indrelid = $1::regclass and not exists (select from pg_constraint where conindid = indexrelid)`;

/** The tables of `public` with their rows, keys and indexes, as statements that make them anew. Knows no more of SQL. */
export async function statementsOf(client: Client): Promise<{ tables: string[]; text: string }> {
  await client.query("begin isolation level repeatable read read only");
  try {
    const names = await rowsOf<{ name: string }>(client, tables, []);
    const made: string[] = [];
    const keys: string[] = [];
    const foreign: string[] = [];
    for (const { name } of names) {
      const table = `public.${escapeIdentifier(name)}`;
      made.push(...(await tableStatements(client, table)));
      const add = ({ name: constraint, definition }: Constraint): string =>
        `alter table ${table} add constraint ${escapeIdentifier(constraint)} ${definition};`;
      keys.push(...(await rowsOf<Constraint>(client, constraints, [table, false])).map(add));
      foreign.push(...(await rowsOf<Constraint>(client, constraints, [table, true])).map(add));
      const own = await rowsOf<{ definition: string }>(client, indexes, [table]);
      keys.push(...own.map(({ definition }) => `${definition};`));
    }
    return { tables: names.map(({ name }) => name), text: [...made, ...keys, ...foreign].join("\n") };
  } finally {
    await client.query("rollback");
  }
}

async function tableStatements(client: Client, table: string): Promise<string[]> {
  const all = await rowsOf<Column>(client, columns, [table]);
  const defined = all.map(({ name, type, required, identity, default: value }) =>
    [
      escapeIdentifier(name),
      type,
      required ? "not null" : "",
      identity === "" ? "" : `generated ${identity === "a" ? "always" : "by default"} as identity`,
      value === null ? "" : `default ${value}`,
    ]
      .filter(Boolean)
      .join(" "),
  );
  const [data] = await rowsOf<{ rows: string | null }>(
    client,
    `select json_agg(t)::text as rows from ${table} t`,
    [],
  );
  const rows = escapeLiteral(data?.rows ?? "[]");
  return [
    `create table ${table} (${defined.join(", ")});`,
    `insert into ${table} overriding system value select * from json_populate_recordset(null::${table}, ${rows});`,
    ...all
      .filter(({ identity }) => identity !== "")
      .map(({ name }) => {
        const sequence = `pg_get_serial_sequence(${escapeLiteral(table)}, ${escapeLiteral(name)})`;
        return `select setval(${sequence}, coalesce(max(${escapeIdentifier(name)}), 1)) from ${table};`;
      }),
  ];
}

async function rowsOf<Row>(client: Client, text: string, values: unknown[]): Promise<Row[]> {
  return (await client.query(text, values)).rows as Row[];
}
