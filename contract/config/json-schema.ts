import type { Node } from './node.ts';
import { configuration } from './schema.ts';

type Json = Record<string, unknown>;

/** The JSON Schema (draft 2020-12) of a node, for editors; keys and values that are not supported yet are left out. */
export function jsonSchema(node: Node<unknown>): Json {
  switch (node.kind) {
    case 'string':
      return { type: 'string' };
    case 'enum':
      return { enum: node.values };
    case 'integer':
    case 'number':
      return { type: node.kind, ...bounds(node) };
    case 'boolean':
      return { type: 'boolean' };
    case 'false':
      return { const: false };
    case 'size':
      return {
        anyOf: [
          { type: 'integer', ...bounds(node) },
          { type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?\\s*(B|KB|MB|GB|KiB|MiB|GiB)?\\s*$' },
        ],
      };
    case 'duration':
      return { type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?\\s*(ms|s|m|h)\\s*$' };
    case 'never':
      return { not: {} };
    case 'list':
      return {
        type: 'array',
        items: jsonSchema(node.item!),
        ...(node.min === undefined ? {} : { minItems: node.min }),
      };
    case 'map':
      return { type: 'object', additionalProperties: jsonSchema(node.item!) };
    case 'object':
      return objectSchema(node);
    case 'variant':
      return { oneOf: Object.values(node.variants!).map(jsonSchema) };
    case 'oneOf':
      return { anyOf: node.options!.map(jsonSchema) };
  }
}

function objectSchema(node: Node<unknown>): Json {
  const fields = Object.entries(node.fields!).filter(([, field]) => field.presence !== 'later');
  const properties = fields.map(([key, field]) => {
    const value = field.default === undefined ? {} : { default: field.default };
    return [key, { description: field.doc, ...jsonSchema(field.node), ...value }];
  });
  const required = fields.filter(([, field]) => field.presence === 'required').map(([key]) => key);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
  };
}

function bounds({ min, max }: Node<unknown>): Json {
  return { ...(min === undefined ? {} : { minimum: min }), ...(max === undefined ? {} : { maximum: max }) };
}

/** The JSON Schema of the sidecar's configuration. */
export function configurationSchema(): Json {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'sidetail sidecar configuration',
    ...jsonSchema(configuration),
  };
}
