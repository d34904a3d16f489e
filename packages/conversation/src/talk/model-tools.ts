/** Tools as a model is shown them. */
import { renderTemplate, type VariableLookup } from '@pickup/core';
import { type Fields, isFields, listOf } from '../flow/read-json.ts';
import type { JsonSchema, ModelTool } from './model.ts';
import { extractSchema, type Tool } from './tool.ts';

/** A tool with the name it goes by: providers take letters, digits, `_` and `-`, 64 of them. */
export interface OfferedTool {
  readonly alias: string;
  readonly tool: Tool;
}

/** A name as providers take it; they refuse a talk in which a model called by another. */
export function toolName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || '_';
}

/** Those a model may use, each under a name of its own; of two with one name the first counts. */
export function offerTools(tools: readonly Tool[]): readonly OfferedTool[] {
  const offered = new Map<string, Tool>();
  for (const tool of tools) {
    const alias = toolName(tool.name);
    if (tool.does !== 'nothing' && !offered.has(alias)) offered.set(alias, tool);
  }
  return [...offered].map(([alias, tool]) => ({ alias, tool }));
}

/** Descriptions are templates, those of parameters too (retell-contract f). */
export function modelTool({ alias, tool }: OfferedTool, lookup: VariableLookup, strict: boolean): ModelTool {
  const says =
    tool.says?.type === 'prompt' ? `\nTell the user what you are doing before you call it. ${tool.says.text}` : '';
  const description = renderTemplate(tool.description + says, lookup);
  const parameters = renderSchema(parametersOf(tool), lookup, 0) as JsonSchema;
  return {
    name: alias,
    description,
    parameters: strict ? strictSchema(parameters) : parameters,
    ...(strict && { strict }),
  };
}

function parametersOf(tool: Tool): JsonSchema {
  if (tool.does === 'extract') return extractSchema(tool.variables);
  return tool.does === 'call' || tool.does === 'move' ? tool.parameters : { type: 'object', properties: {} };
}

/** Deeper schemas are cut: nobody writes them, and recursion must end. */
const MAX_DEPTH = 16;

function renderSchema(schema: unknown, lookup: VariableLookup, depth: number): unknown {
  if (depth > MAX_DEPTH) return {};
  if (Array.isArray(schema)) return schema.map((item) => renderSchema(item, lookup, depth + 1));
  if (!isFields(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [
    key,
    key === 'description' && typeof value === 'string'
      ? renderTemplate(value, lookup)
      : renderSchema(value, lookup, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

/** Every object closed and every member required; one that was optional may be null instead. */
export function strictSchema(schema: JsonSchema): JsonSchema {
  const properties = schema['properties'];
  const items = schema['items'];
  const closed: Record<string, unknown> = { ...schema };
  if (isFields(items)) closed['items'] = strictSchema(items);
  if (!isFields(properties)) {
    return schema['type'] === 'object'
      ? { ...closed, properties: {}, required: [], additionalProperties: false }
      : closed;
  }
  const required = new Set(listOf(schema['required']));
  closed['properties'] = Object.fromEntries(
    Object.entries(properties).map(([name, inner]) => {
      const strict = strictSchema(isFields(inner) ? inner : {});
      return [name, required.has(name) ? strict : orNull(strict)];
    }),
  );
  closed['required'] = Object.keys(properties);
  closed['additionalProperties'] = false;
  return closed;
}

function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: choices } = schema;
  if (typeof type !== 'string') return schema;
  return { ...schema, type: [type, 'null'], ...(Array.isArray(choices) && { enum: [...choices, null] }) };
}

/** Arguments that the model wrote; undefined where they are no JSON object. Nulls of a strict schema are absent. */
export function readArguments(written: string): Fields | undefined {
  try {
    const parsed: unknown = JSON.parse(written.trim() === '' ? '{}' : written);
    if (!isFields(parsed)) return undefined;
    const kept = Object.entries(parsed).filter(([key, value]) => value !== null && key !== '__proto__');
    return Object.fromEntries(kept);
  } catch {
    return undefined;
  }
}
