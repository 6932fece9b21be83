import { readFileSync } from "node:fs";

/** From package.json: the one place a version is written. */
export const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};
