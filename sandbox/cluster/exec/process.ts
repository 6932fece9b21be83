import type { KubeObject } from "../object.ts";
import type { Store } from "../store.ts";

/** A program's side of a command that runs in a container. */
export interface Process {
  argv: readonly string[];
  env: Record<string, string>;
  pod: KubeObject;
  container: string;
  /** All that was typed or piped in, once its end is there; empty at once when nothing is attached. */
  stdin: () => Promise<string>;
  out: (text: string) => void;
  err: (text: string) => void;
  /** Aborted when the client is gone. */
  signal: AbortSignal;
  system: System;
}

/** What programs find around them. */
export interface System extends Host {
  store: Store;
  now: () => Date;
  /** Address of the PostgreSQL server behind the cluster's database, with the right to do anything in it. */
  database?: () => Promise<string>;
}

/** The machine under the containers, as far as their programs notice it. */
export interface Host {
  /** Folder of this machine that holds the shares (volumes of kind nfs), by their paths. */
  shares?: () => Promise<string>;
  /** Folder with PostgreSQL's own psql, pg_dump and pg_restore; without it the practice ones answer. */
  tools?: string;
  /** What `df` says is free, in bytes; undefined: what really is. */
  freeBytes?: () => number | undefined;
  /** ms that a practice pg_restore takes beside its work. */
  restoreTakesMs?: () => number;
}

/** Runs to its end and returns the exit code. */
export type Program = (process: Process) => number | Promise<number>;
