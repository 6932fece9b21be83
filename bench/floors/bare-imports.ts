// A process that does nothing but load the SDKs that crai speaks with; its memory is the floor of crai's.
import "@slack/bolt";
import "@kubernetes/client-node";
import "@pagerduty/pdjs";
import "@dbos-inc/dbos-sdk";
import "kysely";
import "pg";
import "zod";
import "yaml";
import "pino";
import "prom-client";
import "@bufbuild/cel";

console.log("loaded");
setInterval(() => undefined, 60_000);
