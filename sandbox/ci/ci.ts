import { createHash } from "node:crypto";
import { cluster } from "../seed.ts";
import { sendJson, urlOf } from "../http.ts";
import type { Part } from "../part.ts";

/** Releases that were built; what comes after the number makes a release of the panel a bad one, and passed all the same. */
const built = /^v\d+\.\d+\.\d+(-[a-z0-9.]+)?$/;
/** A release of which CI only knows that it was built. */
const untested = /-untested$/;

const passed = {
  unit: { passed: true, coverage: 0.934 },
  integration: { passed: true },
  load: { passed: true },
  security: { passed: true },
  chaos: { passed: true },
};

/** What CI tells of a tag under `/ci/releases/<tag>`: the image it pushed, and how its tests went. */
export function createCi(): Part {
  return {
    handle(req, res) {
      const [, releases, name = "", ...rest] = urlOf(req).pathname.split("/");
      const tag = decodeURIComponent(name);
      if (releases !== "releases" || rest.length > 0 || !built.test(tag)) {
        sendJson(res, 404, { error: "no such release" });
        return Promise.resolve();
      }
      const digest = createHash("sha256").update(`${cluster.image}:${tag}`).digest("hex");
      sendJson(res, 200, {
        tag,
        image: `${cluster.image}@sha256:${digest}`,
        tests: untested.test(tag) ? {} : passed,
      });
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
