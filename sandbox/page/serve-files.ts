import { readFile, readdir } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, relative, sep } from "node:path";

interface StoredFile {
  body: Buffer;
  type: string;
}

/** URL path to file, all of it in memory: the built page is a handful of files. */
export type StoredFiles = Map<string, StoredFile>;

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** Everything from the same origin, no inline script or style, no framing, no forms that leave the page. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Addresses that the page itself reads (place.ts); anything else that is not a file is a mistake and told so. */
const places = /^\/(?:$|archives\/|app-home$)/;

export async function readFiles(folder: string): Promise<StoredFiles> {
  const files: StoredFiles = new Map();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const body = await readFile(path);
    const type = types[extname(entry.name)] ?? "application/octet-stream";
    files.set(`/${relative(folder, path).split(sep).join("/")}`, { body, type });
  }
  return files;
}

export function serveFiles(files: StoredFiles, req: IncomingMessage, res: ServerResponse): void {
  if (req.method !== "GET" && req.method !== "HEAD")
    return refuse(res, 405, "Only GET and HEAD are served here.");
  const path = new URL(req.url ?? "/", "http://localhost").pathname;
  const found = files.get(places.test(path) ? "/index.html" : path);
  if (!found) return refuse(res, 404, `There is no ${path} in the page.`);

  res.writeHead(200, {
    "content-type": found.type,
    "content-length": found.body.length,
    // Vite puts a hash of the content into the name of everything below /assets/.
    "cache-control": path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    "content-security-policy": contentSecurityPolicy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
  });
  res.end(req.method === "HEAD" ? undefined : found.body);
}

function refuse(res: ServerResponse, status: number, message: string): void {
  res.writeHead(status, { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" });
  res.end(`${message}\n`);
}
