import type { Process, Program } from "./process.ts";

type FindProgram = (process: Process, name: string) => Program | undefined;

/**
 * `sh -c '…'`, or a script on stdin: simple commands joined by ";", "&&", "||" and line breaks, quotes and $VARIABLES.
 * Nothing else of the language: what it does not know it refuses, instead of doing something else.
 */
export async function shell(process: Process, find: FindProgram): Promise<number> {
  const [name = "sh", ...rest] = process.argv;
  const flag = rest.findIndex((word) => /^-[a-z]*c$/.test(word));
  if (flag < 0 && rest.some((word) => !word.startsWith("-"))) {
    process.err(`${name}: 0: cannot open ${rest.at(-1)!}: No such file\n`);
    return 2;
  }
  const script = flag < 0 ? await process.stdin() : (rest[flag + 1] ?? "");
  const unknown = /[|<>`(){}*?]|\$\(/.exec(script.replaceAll(/\|\||'[^']*'|"[^"]*"|\$\{\w+\}/g, ""));
  if (unknown) {
    process.err(`${name}: 1: Syntax error: "${unknown[0]}" is more than this practice shell knows\n`);
    return 2;
  }
  return runScript(script, { ...process, stdin: flag < 0 ? () => Promise.resolve("") : process.stdin }, find);
}

async function runScript(script: string, process: Process, find: FindProgram): Promise<number> {
  let code = 0;
  let joint: string | undefined;
  for (const part of split(script)) {
    if (["&&", "||", ";", "\n"].includes(part)) {
      joint = part;
      continue;
    }
    if ((joint === "&&" && code !== 0) || (joint === "||" && code === 0)) continue;
    const argv = words(part, process.env, code);
    const [name] = argv;
    if (name === undefined) continue;
    if (name === "exit") return Number(argv[1] ?? code);
    const program = find(process, name);
    if (!program) process.err(`sh: 1: ${name}: not found\n`);
    code = program ? await program({ ...process, argv }) : 127;
  }
  return code;
}

/** Commands and what joins them, in turn. */
function split(script: string): string[] {
  const parts = script.match(/&&|\|\||[;\n]|(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^;&|\n'"\\])+/g) ?? [];
  return parts.map((part) => (part === "\n" ? part : part.trim())).filter((part) => part !== "");
}

function words(command: string, env: Record<string, string>, code: number): string[] {
  const found = command.match(/(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+/g) ?? [];
  const valueOf = (_: string, braced?: string, bare?: string): string => env[braced ?? bare ?? ""] ?? "";
  const expand = (text: string): string =>
    text.replaceAll("$?", String(code)).replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, valueOf);
  const unquote = (piece: string): string => {
    if (piece.startsWith("'")) return piece.slice(1, -1);
    if (piece.startsWith('"')) return expand(piece.slice(1, -1).replaceAll(/\\(["\\$])/g, "$1"));
    return piece.startsWith("\\") ? piece.slice(1) : expand(piece);
  };
  return found.map((word) => word.replaceAll(/'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^'"\\]+/g, unquote));
}
