/** A program that a Job's container runs: it takes its time, says something and ends. */
export interface Program {
  /** Seconds it takes at pace 1. */
  seconds: number;
  exitCode: number;
  /** The exit code when what it tests is out of order. */
  failure: number;
  /** Whose health decides how it ends. */
  tests?: "api";
  /** What it has written when it is over. */
  lines: (failed: boolean) => string[];
}
