/** A document as it is kept: its text, and when it came (ms since the epoch). */
export interface StoredDoc {
  readonly index: string;
  readonly id: string;
  readonly source: unknown;
  readonly arrivedAt: number;
}

/** The documents of all indices, in the order of their arrival. */
export class Indices {
  readonly #indices = new Map<string, Map<string, { text: string; at: number }>>();

  /** Adds a document unless `create` and its id is there; answers what became of it. */
  put(index: string, id: string, text: string, create: boolean): 'created' | 'updated' | 'conflict' {
    let docs = this.#indices.get(index);
    if (docs === undefined) {
      docs = new Map();
      this.#indices.set(index, docs);
    }
    const there = docs.has(id);
    if (there && create) return 'conflict';
    docs.set(id, { text, at: Date.now() });
    return there ? 'updated' : 'created';
  }

  delete(index: string): boolean {
    return this.#indices.delete(index);
  }

  /** Names that a pattern means: `_all`, `*`, wildcards, a comma list. */
  names(pattern = '_all'): string[] {
    const parts = pattern.split(',').map((part) => (part === '_all' ? '*' : part));
    const matches = (name: string): boolean =>
      parts.some((part) =>
        new RegExp(`^${part.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(name),
      );
    return [...this.#indices.keys()].filter(matches);
  }

  size(index: string): number {
    return this.#indices.get(index)?.size ?? 0;
  }

  *docs(pattern?: string): Generator<StoredDoc> {
    for (const index of this.names(pattern)) {
      for (const [id, { text, at }] of this.#indices.get(index)!)
        yield { index, id, source: JSON.parse(text), arrivedAt: at };
    }
  }
}

/** What Elasticsearch refuses in an index name ("Create index API", index name limits), or undefined. */
export function nameProblem(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'must not be empty, "." or ".."';
  if (name !== name.toLowerCase()) return 'must be lowercase';
  if (/[\\/*?"<>| ,#:]/.test(name))
    return "must not contain the following characters [' ','\"','*',',','/','<','>','?','\\','|','#',':']";
  if (/^[-_+]/.test(name)) return "must not start with '_', '-', or '+'";
  return Buffer.byteLength(name) > 255 ? 'index name is too long, (> 255)' : undefined;
}
