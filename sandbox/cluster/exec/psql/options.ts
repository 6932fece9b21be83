/** What psql was asked on its command line. */
export interface PsqlOptions {
  database: string;
  user: string;
  commands: string[];
  /** Scripts to read, "-" for standard input. */
  files: string[];
  tuplesOnly: boolean;
  aligned: boolean;
  csv: boolean;
  quiet: boolean;
  separator: string;
  list: boolean;
  stopOnError: boolean;
  singleTransaction: boolean;
}

/** Throws Error, in psql's words, for an option it does not know. */
export function psqlOptions(argv: readonly string[], env: Record<string, string>): PsqlOptions {
  const options: PsqlOptions = {
    database: env["PGDATABASE"] ?? "",
    user: env["PGUSER"] ?? "",
    commands: [],
    files: [],
    tuplesOnly: false,
    aligned: true,
    csv: false,
    quiet: false,
    separator: "|",
    list: false,
    stopOnError: false,
    singleTransaction: false,
  };
  const rest: string[] = [];
  const words = argv.slice(1).flatMap(separate);
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!word.startsWith("-") || word === "-") rest.push(word);
    else if (Object.hasOwn(flags, word)) flags[word]!(options);
    else if (Object.hasOwn(values, word)) values[word]!(options, words.shift() ?? "");
    else throw new Error(`psql: unrecognized option '${word}'`);
  }
  options.database ||= rest.shift() ?? "";
  options.user ||= rest.shift() ?? "postgres";
  options.database ||= options.user;
  return options;
}

/** "-tAc" as "-t", "-A", "-c"; "--dbname=x" as two words. */
function separate(word: string): string[] {
  const long = /^(--[\w-]+)=([^]*)$/.exec(word);
  if (long) return [long[1]!, long[2]!];
  if (!/^-[A-Za-z1]{2,}/.test(word)) return [word];
  const letters: string[] = [];
  for (let index = 1; index < word.length; index++) {
    const flag = `-${word[index]!}`;
    letters.push(flag);
    if (!Object.hasOwn(values, flag)) continue;
    if (index + 1 < word.length) letters.push(word.slice(index + 1));
    break;
  }
  return letters;
}

type Set = (options: PsqlOptions) => void;
type SetValue = (options: PsqlOptions, value: string) => void;

const nothing = (): void => undefined;

const flags: Record<string, Set> = named({
  "-t --tuples-only": (options) => (options.tuplesOnly = true),
  "-A --no-align": (options) => (options.aligned = false),
  "--csv": (options) => (options.csv = true),
  "-q --quiet": (options) => (options.quiet = true),
  "-l --list": (options) => (options.list = true),
  "-1 --single-transaction": (options) => (options.singleTransaction = true),
  "-X --no-psqlrc": nothing,
  "-w --no-password": nothing,
  "-W --password": nothing,
});

const values: Record<string, SetValue> = named({
  "-d --dbname": (options, value) => (options.database = value),
  "-U --username": (options, value) => (options.user = value),
  "-c --command": (options, value) => options.commands.push(value),
  "-f --file": (options, value) => options.files.push(value),
  "-F --field-separator": (options, value) => (options.separator = value),
  "-v --set": (options, value) => {
    if (/^ON_ERROR_STOP=(1|on|true)$/i.test(value)) options.stopOnError = true;
  },
  "-h --host": nothing,
  "-p --port": nothing,
  "-P --pset": nothing,
});

function named<T>(table: Record<string, T>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(table).flatMap(([names, set]) => names.split(" ").map((name) => [name, set])),
  );
}
