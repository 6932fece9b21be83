import type { AppPlace } from "./server.ts";

/** A word of a command as a shell takes it. */
function word(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The same in the database's pod without crai. */
export function kubectlExec({ target }: Pick<AppPlace, "target">, command: readonly string[]): string {
  const { namespace, kind, name } = target;
  return `kubectl exec -n ${namespace} ${kind}/${name} -- ${command.map(word).join(" ")}`;
}
