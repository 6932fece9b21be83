import { shown } from "./events-view.ts";
import type { Answer, Wanted } from "./http.ts";
import { apiVersionOf } from "./kinds.ts";
import type { Kind } from "./kinds.ts";
import type { Page } from "./list.ts";
import type { KubeObject } from "./object.ts";
import { metadataOnly, tableOf } from "./tables/table.ts";
import type { TableRequest } from "./tables/table.ts";
import type { Shape } from "./watch.ts";

/** What decides how objects are written out. */
export interface Presentation {
  kind: Kind;
  wanted: Wanted;
  query: URLSearchParams;
  now: Date;
}

export function presentObject(as: Presentation, object: KubeObject, code = 200): Answer {
  return { code, body: shape(as, object, true) };
}

export function presentPage(as: Presentation, page: Page): Answer {
  const { items, ...listMeta } = page;
  const { kind, wanted } = as;
  if (wanted.form === "table") {
    return { code: 200, body: tableOf(items, tableRequest(as, true), listMeta) };
  }
  if (wanted.form === "metadata") {
    const partial = items.map((object) => metadataOnly(object, wanted.version));
    const apiVersion = `meta.k8s.io/${wanted.version}`;
    return {
      code: 200,
      body: { kind: "PartialObjectMetadataList", apiVersion, metadata: listMeta, items: partial },
    };
  }
  const bare = items.map((object) => {
    const { kind: _kind, apiVersion: _apiVersion, ...rest } = shown(kind, object);
    return rest;
  });
  return {
    code: 200,
    body: { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata: listMeta, items: bare },
  };
}

/** The shape of each object of a watch. */
export function watchShape(as: Presentation): Shape {
  return (object, first) => shape(as, object, first);
}

function shape(as: Presentation, object: KubeObject, first: boolean): object {
  const { wanted, kind } = as;
  if (wanted.form === "metadata") return metadataOnly(object, wanted.version);
  if (wanted.form === "object") return shown(kind, object);
  const listMeta = { resourceVersion: object.metadata.resourceVersion };
  return tableOf([object], tableRequest(as, first), listMeta);
}

function tableRequest({ kind, wanted, query, now }: Presentation, headers: boolean): TableRequest {
  const asked = query.get("includeObject");
  const include = asked === "Object" || asked === "None" ? asked : "Metadata";
  return { plural: kind.plural, version: wanted.version, include, now, headers };
}
