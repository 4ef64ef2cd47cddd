import type { Fault } from '../../cli/demo/store/store.ts';
import type { FaultName } from './plan.ts';

/** What the store does to each request. */
export function faultOf(name: Exclude<FaultName, 'none' | 'refuse'>): Fault {
  switch (name) {
    case '503':
    case '429':
      return { kind: 'status', status: Number(name), body: '{}', headers: { 'retry-after': '0' } };
    case 'items': {
      const busy = { status: 429, type: 'es_rejected_execution_exception', reason: 'injected' };
      return { kind: 'items', item: (i) => (i % 3 === 0 ? busy : undefined) };
    }
    case 'hang':
      return { kind: 'hang', ms: 1000 };
    default:
      return { kind: name };
  }
}
