import type { PodMetadata } from '../metadata.ts';
import type { LogFile } from '../types.ts';
import { ecs } from './ecs.ts';
import { fluent } from './fluent.ts';
import type { Json, Render } from './json.ts';
import { otel } from './otel.ts';

/** How records look, but for `raw`, which each output has its own of. */
export type Schema = 'ecs' | 'fluent' | 'otel';

/** `dataStream`: the parts of the stream's name, for `data_stream.*` of ecs. */
export function renderer(
  schema: Schema,
  pod: PodMetadata,
  dataStream: (file: LogFile) => Json | undefined = () => undefined,
): Render {
  if (schema === 'fluent') return fluent(pod);
  return schema === 'otel' ? otel(pod) : ecs(pod, dataStream);
}
