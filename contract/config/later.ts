/** What the contract promises and a later version will do: declared, documented, and refused as "not supported yet". */
import { condition } from './condition.ts';
import * as n from './node.ts';

const text = (doc: string): n.Field<undefined> => n.later(n.string(), doc);

export const cloudwatch = n.object({
  type: n.required(n.oneOfWords([], ['cloudwatch']), 'CloudWatch Logs.'),
  region: text('Region; default `AWS_REGION`.'),
  endpoint: text('Another endpoint.'),
  logGroup: text('Log group, a template. Default `/aws/containerinsights/{cluster}/application`.'),
  logStream: text('Log stream, a template. Default `{node}-application.{pod}_{namespace}_{container}`.'),
  createGroup: n.later(n.boolean(), 'Create the group; the stream is always created.'),
  retentionDays: n.later(n.integer(), 'Retention of a created group.'),
  kmsKeyId: text('Key of a created group.'),
  logClass: text('Class of a created group.'),
  tags: n.later(n.map(n.string()), 'Tags of a created group.'),
  schema: text('`fluent`, `ecs`, `otel` or `raw`.'),
  credentials: text('`default` (the AWS chain), or `{ roleArn }`.'),
  batch: n.later(n.map(n.string()), "`maxAge`; bytes and count are AWS's limits."),
  when: n.later(condition, 'Only records that match.'),
});
