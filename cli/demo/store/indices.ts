import { resolveNames } from './names.ts';

/** A document. Its source is parsed when it is asked for; `arrivedAt` is in ms since the epoch. */
export interface StoredDoc {
  readonly index: string;
  readonly id: string;
  readonly source: unknown;
  readonly arrivedAt: number;
}

/** What became of a document, and its version (from 1) and number in the index (from 0). For a conflict those of the one that was there. */
export interface Put {
  readonly result: 'created' | 'updated' | 'conflict';
  readonly version: number;
  readonly seqNo: number;
}

/** As it is kept: the text alone, since a run has many. */
interface Kept {
  readonly text: string;
  readonly at: number;
  readonly version: number;
  readonly seqNo: number;
}

/** The documents of all indices, in the order of their first arrival. */
export class Indices {
  readonly #indices = new Map<string, { readonly docs: Map<string, Kept>; nextSeqNo: number }>();

  /** Adds a document, whose index comes to be with it; with `create`, not over one with the same id. */
  put(index: string, id: string, text: string, create: boolean, now: number): Put {
    let kept = this.#indices.get(index);
    if (kept === undefined) {
      kept = { docs: new Map(), nextSeqNo: 0 };
      this.#indices.set(index, kept);
    }
    const there = kept.docs.get(id);
    if (there && create) return { result: 'conflict', version: there.version, seqNo: there.seqNo };
    const doc = { text, at: now, version: (there?.version ?? 0) + 1, seqNo: kept.nextSeqNo++ };
    kept.docs.set(id, doc);
    return { result: there ? 'updated' : 'created', version: doc.version, seqNo: doc.seqNo };
  }

  delete(index: string): void {
    this.#indices.delete(index);
  }

  get names(): string[] {
    return [...this.#indices.keys()];
  }

  /** Documents of the indices that an expression means; none where it names what is not there. */
  count(expression = '_all'): number {
    return this.#resolve(expression).reduce((sum, name) => sum + this.#indices.get(name)!.docs.size, 0);
  }

  *docs(expression = '_all'): Generator<StoredDoc> {
    for (const index of this.#resolve(expression)) {
      for (const [id, kept] of this.#indices.get(index)?.docs ?? []) yield new Lazy(index, id, kept);
    }
  }

  #resolve(expression: string): string[] {
    const names = resolveNames(expression, this.names);
    return 'missing' in names ? [] : names;
  }
}

class Lazy implements StoredDoc {
  readonly index: string;
  readonly id: string;
  readonly #kept: Kept;
  #source: unknown;

  constructor(index: string, id: string, kept: Kept) {
    this.index = index;
    this.id = id;
    this.#kept = kept;
  }

  get source(): unknown {
    this.#source ??= JSON.parse(this.#kept.text);
    return this.#source;
  }

  get arrivedAt(): number {
    return this.#kept.at;
  }
}
