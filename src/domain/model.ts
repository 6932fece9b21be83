import { z } from "zod";

const httpUrl = z.url({ protocol: /^https?$/ });

/** Where the versions of an app's model are kept, and which of them is in force. */
export const ModelSettings = z.strictObject({
  registry: httpUrl.describe("base URL of MLflow 2.3 or newer, in front of /api/2.0/mlflow"),
  name: z
    .string()
    .regex(/^[\w .@+-]{1,200}$/, "a name without quotes and slashes")
    .describe("the registered model"),
  alias: z
    .string()
    .regex(/^[A-Za-z_][\w-]{0,254}$/, "a letter, then letters, digits, _ and -")
    .default("champion")
    .describe("the alias that names the version in force; the app loads `models:/<name>@<alias>`"),
  figures: z
    .record(
      z.string().regex(/^[\w./ -]{1,200}$/, "the name of a metric of the version's run"),
      z.strictObject({
        title: z.string().describe("the name people use"),
        atLeast: z.number().describe("a version below this is not put in force in place of a better one"),
      }),
    )
    .default({
      auc_roc: { title: "AUC-ROC", atLeast: 0.85 },
      accuracy: { title: "Accuracy", atLeast: 0.8 },
    })
    .describe("what versions are compared by: metrics of the runs that trained them"),
  served: z
    .strictObject({
      url: httpUrl.describe("answers a GET with JSON"),
      path: z
        .string()
        .regex(/^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/, "names with dots between them, as in model.version")
        .describe("where the version is in the JSON, as in `version`"),
    })
    .optional()
    .describe("where the app says which version it has loaded"),
});
export type ModelSettings = z.infer<typeof ModelSettings>;
