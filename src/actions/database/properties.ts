import { z } from "zod";
import { type DatabaseServer, query } from "./server.ts";

const Statement = z.object({ statement: z.string() });

/** Settings that hold a list and are kept as they are written, quotes included. */
const listSettings = [
  "search_path",
  "temp_tablespaces",
  "local_preload_libraries",
  "session_preload_libraries",
  "shared_preload_libraries",
];

/** What makes a database with owner, encoding and locale of another. */
export async function creationOf(server: DatabaseServer, like: string, fresh: string): Promise<string> {
  // The columns of the locale have changed their names from version to version.
  const sql = `select format('create database %I template template0 owner %I encoding %L lc_collate %L lc_ctype %L connection limit %s',
      '${fresh}', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit) ||
    case to_jsonb(d)->>'datlocprovider'
      when 'i' then format(' locale_provider icu icu_locale %L', coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'))
      when 'b' then format(' locale_provider builtin builtin_locale %L', to_jsonb(d)->>'datlocale')
      else '' end as statement
    from pg_database d where datname = '${like}'`;
  const [row] = await query(server, sql, Statement, { database: "postgres" });
  if (row === undefined) throw new Error(`There is no database ${like}`);
  return row.statement;
}

/** What gives a database the settings and rights of another, which no backup of one database holds. */
export async function propertiesOf(server: DatabaseServer, like: string, fresh: string): Promise<string[]> {
  const lists = listSettings.map((name) => `'${name}'`).join(", ");
  const value = `case when lower(split_part(one, '=', 1)) in (${lists}) then substr(one, position('=' in one) + 1)
    else quote_literal(substr(one, position('=' in one) + 1)) end`;
  const sql = `select format('alter %s set %I to %s',
        case setrole when 0 then format('database %I', '${fresh}')
          else format('role %I in database %I', pg_get_userbyid(setrole), '${fresh}') end,
        split_part(one, '=', 1), ${value}) as statement
      from pg_db_role_setting join pg_database d on d.oid = setdatabase, unnest(setconfig) one
      where datname = '${like}'
    union all
    select format('revoke all on database %I from public', '${fresh}')
      from pg_database where datname = '${like}' and datacl is not null
    union all
    select format('grant %s on database %I to %s', privilege_type, '${fresh}',
        case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end)
        || case when is_grantable then ' with grant option' else '' end
      from pg_database, aclexplode(datacl) where datname = '${like}'`;
  return (await query(server, sql, Statement, { database: "postgres" })).map(({ statement }) => statement);
}
