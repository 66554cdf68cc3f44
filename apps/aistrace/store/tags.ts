import type { SpanDetail } from "./detail.ts";
import { type StoredValue, valueText } from "./values.ts";

/** A span's tag under the name and value that Jaeger gives it. */
export type Tag = readonly [key: string, value: StoredValue];

const KIND_NAMES = ["", "internal", "server", "client", "producer", "consumer"] as const;

/** OTLP's `Span.SpanKind` as Jaeger spells it; empty when unspecified. */
export function kindName(kind: number): string {
  return KIND_NAMES[kind] ?? "";
}

/** The tags of a span: its scope, its attributes, and what OpenTelemetry keeps in fields and Jaeger in tags. */
export function spanTags(detail: SpanDetail, kind: number, scopeName: string, scopeVersion: string): Tag[] {
  const tags: Tag[] = [];
  if (scopeName !== "") tags.push(["otel.scope.name", scopeName]);
  if (scopeVersion !== "") tags.push(["otel.scope.version", scopeVersion]);
  for (const attribute of detail.attributes) tags.push(attribute);
  if (kindName(kind) !== "") tags.push(["span.kind", kindName(kind)]);
  if (detail.statusCode === 1) tags.push(["otel.status_code", "OK"]);
  if (detail.statusCode === 2) tags.push(["otel.status_code", "ERROR"], ["error", true]);
  if (detail.statusMessage !== "") tags.push(["otel.status_description", detail.statusMessage]);
  if (detail.traceState !== "") tags.push(["w3c.tracestate", detail.traceState]);
  if (detail.droppedAttributes > 0) tags.push(["otel.dropped_attributes_count", detail.droppedAttributes]);
  if (detail.droppedEvents > 0) tags.push(["otel.dropped_events_count", detail.droppedEvents]);
  if (detail.droppedLinks > 0) tags.push(["otel.dropped_links_count", detail.droppedLinks]);
  return tags;
}

/** Calls `visit` with every pair that a search by tag may find: tags, then the fields of the events. */
export function visitSearchable(
  tags: readonly Tag[],
  detail: SpanDetail,
  visit: (key: string, value: string) => void,
): void {
  for (const [key, value] of tags) visit(key, valueText(value));
  for (const event of detail.events) {
    visit("event", event.name);
    for (const [key, value] of event.attributes) visit(key, valueText(value));
  }
}

export function isError(detail: SpanDetail): boolean {
  return (
    detail.statusCode === 2 || detail.attributes.some(([key, value]) => key === "error" && isTrue(value))
  );
}

function isTrue(value: StoredValue): boolean {
  return value === true || value === "true";
}
