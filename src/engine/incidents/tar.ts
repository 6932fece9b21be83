import { sha256, type EvidenceFile } from "../../domain/evidence.ts";

const BLOCK = 512;

function field(text: string, length: number): Buffer {
  const made = Buffer.alloc(length);
  made.write(text, "latin1");
  return made;
}

function octal(value: number, length: number): Buffer {
  return field(value.toString(8).padStart(length - 1, "0"), length);
}

/** ustar has 155 characters for the folder and 100 for the rest; what is longer is named by its hash. */
function split(name: string): { folder: string; rest: string } {
  const cut = name.length <= 100 ? -1 : name.indexOf("/", name.length - 101);
  const [folder, rest] = cut === -1 ? ["", name] : [name.slice(0, cut), name.slice(cut + 1)];
  if (folder.length <= 155 && rest.length <= 100) return { folder, rest };
  return { folder: "", rest: `long-names/${sha256(name)}` };
}

function header(name: string, size: number, at: Date): Buffer {
  const { folder, rest } = split(name);
  const made = Buffer.concat([
    field(rest, 100),
    octal(0o644, 8),
    octal(0, 8),
    octal(0, 8),
    octal(size, 12),
    octal(Math.floor(at.getTime() / 1000), 12),
    field("        ", 8),
    field("0", 1),
    field("", 100),
    field("ustar\u000000", 8),
    field("crai", 32),
    field("crai", 32),
    octal(0, 8),
    octal(0, 8),
    field(folder, 155),
    field("", 12),
  ]);
  const sum = made.reduce((total, byte) => total + byte, 0);
  made.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148, "latin1");
  return made;
}

/** POSIX ustar; the same files give the same bytes. `at`: the date that all of them carry. */
export function tar(files: readonly EvidenceFile[], at: Date): Buffer {
  const parts = files.flatMap(({ name, content }) => {
    const rest = content.length % BLOCK;
    return [header(name, content.length, at), content, Buffer.alloc(rest === 0 ? 0 : BLOCK - rest)];
  });
  return Buffer.concat([...parts, Buffer.alloc(BLOCK * 2)]);
}
