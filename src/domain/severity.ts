import { z } from "zod";

/** How bad it is for users: sev1 is worst. */
export const Severity = z.enum(["sev1", "sev2", "sev3", "sev4"]);
export type Severity = z.infer<typeof Severity>;
