import { readFileSync } from "node:fs";

/** What stands in front of the statements of a practice archive. */
export interface Header {
  database: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  server: string;
  tables: string[];
}

export interface Archive {
  header: Header;
  statements: string;
  /** False when its end is missing. */
  whole: boolean;
}

/** As pg_dump's own custom format begins; what follows is the practice cluster's own. */
const magic = "PGDMP practice";
const end = "-- PostgreSQL database dump complete\n";

export function archiveText(header: Header, statements: string): string {
  return `${magic}\n${JSON.stringify(header)}\n${statements}\n${end}`;
}

/** undefined: it is no archive. Throws when there is no such file. */
export function readArchive(path: string): Archive | undefined {
  const text = readFileSync(path, "utf8");
  const [first = "", second = ""] = text.split("\n", 2);
  if (first !== magic) return undefined;
  let header: Header;
  try {
    header = JSON.parse(second) as Header;
  } catch {
    return undefined;
  }
  const whole = text.endsWith(end);
  const from = first.length + second.length + 2;
  return { header, whole, statements: text.slice(from, whole ? -end.length : undefined) };
}

/** What `pg_restore --list` prints of it. */
export function listing({ header }: Archive): string {
  const { database, createdAt, server, tables } = header;
  const at = `${createdAt.slice(0, 10)} ${createdAt.slice(11, 19)} UTC`;
  const data = tables.map(
    (table, index) => `${3000 + index}; 0 ${16_400 + index} TABLE DATA public ${table} postgres`,
  );
  return [
    ";",
    `; Archive created at ${at}`,
    `;     dbname: ${database}`,
    `;     TOC Entries: ${data.length}`,
    ";     Compression: none",
    ";     Format: CUSTOM",
    `;     Dumped from database version: ${server}`,
    `;     Dumped by pg_dump version: ${server}`,
    ";",
    ...data,
    "",
  ].join("\n");
}
