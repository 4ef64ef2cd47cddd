import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ItemFault } from './apply.ts';

/** What goes wrong with one bulk request, for tests. */
export type Fault =
  /** The whole request is refused, and nothing of it indexed. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Items for which there is an answer are refused with it, the others are indexed. */
  | { readonly kind: 'items'; readonly item: (i: number) => ItemFault | undefined }
  /** Never answered, nothing indexed. */
  | { readonly kind: 'hang' }
  /** The connection is cut before anything is indexed. */
  | { readonly kind: 'reset' }
  /** Everything is indexed, and the answer is lost. */
  | { readonly kind: 'apply-then-reset' }
  /** Everything is indexed, and half of the answer arrives. */
  | { readonly kind: 'cut' }
  /** A proxy's page instead of an answer; nothing is indexed. */
  | { readonly kind: 'html' };

/** Asked for each bulk request: the how-manieth it is (from 1), its path and query, and how many items it has (0: it is malformed). */
export type Faults = (request: { n: number; url: string; items: number }) => Fault | undefined;

/** Carries out a fault that strikes before anything is indexed; false for the others. */
export function strikeBefore(fault: Fault | undefined, request: IncomingMessage, response: ServerResponse): boolean {
  switch (fault?.kind) {
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end(fault.body ?? '{}');
      return true;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please sign in</body></html>');
      return true;
    case 'reset':
      request.socket.destroy();
      return true;
    case 'hang':
      return true;
    default:
      return false;
  }
}

/** Carries out a fault that strikes when everything is indexed; false for the others. `answer` is what would have been sent. */
export function strikeAfter(
  fault: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  answer: unknown,
): boolean {
  if (fault?.kind === 'apply-then-reset') {
    request.socket.destroy();
    return true;
  }
  if (fault?.kind !== 'cut') return false;
  const text = JSON.stringify(answer);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
  return true;
}
