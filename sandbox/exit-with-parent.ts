/**
 * Loaded into crai by `--import` when the sandbox starts it: if the sandbox dies without a word, crai would go on and
 * hold the data folder. Its standard input is a pipe from the sandbox, which ends with the sandbox. SIGHUP, as from a
 * terminal that is gone: a second SIGTERM would make crai end at once and leave its PostgreSQL behind.
 */
process.stdin.on("end", () => process.kill(process.pid, "SIGHUP"));
process.stdin.resume();
(process.stdin as unknown as { unref(): void }).unref();
