/** A statement of a script, or one of psql's own commands, and the line it begins in. */
export interface Statement {
  text: string;
  line: number;
}

/** Takes a script apart at the semicolons outside of quotes, comments and dollar quotes. */
export function statements(script: string): Statement[] {
  const found: Statement[] = [];
  const token =
    /--[^\n]*|\/\*[^]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\w*\$)[^]*?\1|;|^[ \t]*\\[^\n]*|[^;'"$/\-\\]+|[^]/gm;
  let text = "";
  let start = 0;
  for (const { 0: part, index } of script.matchAll(token)) {
    const own = text.trim() === "" && /^\s*\\/.test(part);
    if (text.trim() === "") start = index + part.length - part.trimStart().length;
    if (part === ";" || own) end(own ? part : text);
    else if (!part.startsWith("--")) text += part;
  }
  end(text);
  return found;

  function end(of: string): void {
    if (of.trim() !== "") found.push({ text: of.trim(), line: script.slice(0, start).split("\n").length });
    text = "";
  }
}
