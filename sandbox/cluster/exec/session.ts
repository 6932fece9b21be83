import type { WebSocket } from "ws";
import { containerEnvironment } from "./environment.ts";
import type { Process, System } from "./process.ts";
import { findProgram } from "./programs.ts";
import type { ExecRequest } from "./request.ts";

/** The subprotocols of kubectl and client-node, newest first; the newest one lets a stream be closed by itself. */
const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;

export function chooseProtocol(offered: Set<string>): string | false {
  return protocols.find((protocol) => offered.has(protocol)) ?? false;
}

interface ExecStatus {
  metadata: object;
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: object;
  code?: number;
}

/** Runs a command and speaks for it on the channels of an open socket; ends with the command or with the socket. */
export async function runSession(socket: WebSocket, request: ExecRequest, system: System): Promise<void> {
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  // A client that goes away in the middle is no failure of ours.
  socket.on("error", () => gone.abort());
  const stdin = readStdin(socket, request.stdin);
  const write = (to: number, text: string): void => {
    if (text !== "" && !gone.signal.aborted) socket.send(Buffer.concat([Buffer.of(to), Buffer.from(text)]));
  };
  const process: Process = {
    argv: request.command,
    env: containerEnvironment(system.store, request.pod, request.container),
    pod: request.pod,
    container: request.container,
    stdin: () => stdin,
    out: (text) =>
      request.stdout && write(channel.stdout, request.tty ? text.replaceAll("\n", "\r\n") : text),
    err: (text) => (request.tty ? process.out(text) : request.stderr && write(channel.stderr, text)),
    signal: gone.signal,
    system,
  };
  const status = await outcome(process);
  write(channel.status, JSON.stringify(status));
  socket.close(1000);
}

/** Everything on channel 0 until it is closed or the socket is. */
function readStdin(socket: WebSocket, attached: boolean): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  const end = (): void => resolve(Buffer.concat(chunks).toString("utf8"));
  socket.on("message", (data: Buffer) => {
    if (data[0] === channel.stdin) chunks.push(data.subarray(1));
    if (data[0] === channel.close && data[1] === channel.stdin) end();
  });
  socket.once("close", end);
  if (!attached) end();
  return promise;
}

async function outcome(process: Process): Promise<ExecStatus> {
  const [name = ""] = process.argv;
  const program = findProgram(process, name);
  if (!program) return failedToStart(name);
  try {
    const code = await program(process);
    return code === 0 ? { metadata: {}, status: "Success" } : failedWith(process.argv, code);
  } catch (error) {
    return internalError(`error executing command in container: ${String(error)}`);
  }
}

function failedWith(argv: readonly string[], code: number): ExecStatus {
  const why = `error executing command [${argv.join(" ")}], exit code ${code}`;
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: ${why}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}

/** What containerd says of a program that is not in the image. */
function failedToStart(name: string): ExecStatus {
  const missing = name.includes("/")
    ? `stat ${name}: no such file or directory`
    : "executable file not found in $PATH";
  const start = `unable to start container process: exec: ${JSON.stringify(name)}: ${missing}: unknown`;
  const runtime = `OCI runtime exec failed: exec failed: ${start}`;
  const why = `failed to exec in container: failed to start exec "${"0".repeat(64)}": ${runtime}`;
  return internalError(`error executing command in container: ${why}`);
}

function internalError(why: string): ExecStatus {
  return {
    metadata: {},
    status: "Failure",
    message: `Internal error occurred: ${why}`,
    reason: "InternalError",
    details: { causes: [{ message: why }] },
    code: 500,
  };
}
