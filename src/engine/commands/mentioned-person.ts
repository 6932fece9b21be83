import type { Person } from "../../domain/actor.ts";
import { quoted } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";
import type { Directory } from "../ports.ts";

/**
 * Whom a command names: a mention (its Slack ID is what arrives), an address, or `me`. Names are not looked up: two
 * people may have one.
 */
export async function mentionedPerson(
  text: string | undefined,
  actor: Person,
  directory: Pick<Directory, "displayName" | "userByEmail">,
): Promise<Person> {
  if (text?.toLowerCase() === "me") return actor;
  const id = /^@?([UW][A-Z0-9]{2,})$/.exec(text ?? "")?.[1] ?? (await byAddress(text, directory));
  if (id !== undefined) return { kind: "person", id, name: await directory.displayName(id) };
  throw new UserError(text === undefined ? "Which person?" : `${quoted(text)} names nobody.`, {
    why:
      text === undefined
        ? "The command names nobody."
        : "It is no mention, and nobody here has this address.",
    next: "Type @ and choose the person from Slack's list, or write their e-mail address, or `me`.",
  });
}

async function byAddress(
  text: string | undefined,
  directory: Pick<Directory, "userByEmail">,
): Promise<string | undefined> {
  if (text === undefined || !/^[^\s@]+@[^\s@]+$/.test(text)) return undefined;
  return (await directory.userByEmail(text)) ?? undefined;
}
