/** Lines of one text against another: what stays (` `), goes (`-`) and comes (`+`); `context` lines around each change. */
export function diffLines(before: string, after: string, context = 2): string[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const all: string[] = [];
  let j = 0;
  // Both are YAML of one object, to which things were added: each old line is the next equal new one, if there is one.
  for (const line of a) {
    const next = b.indexOf(line, j);
    if (next === -1) all.push(`-${line}`);
    else {
      all.push(...b.slice(j, next).map((added) => `+${added}`), ` ${line}`);
      j = next + 1;
    }
  }
  all.push(...b.slice(j).map((added) => `+${added}`));
  return withContext(all, context);
}

function withContext(lines: readonly string[], context: number): string[] {
  const near = (i: number): boolean =>
    lines.slice(Math.max(0, i - context), i + context + 1).some((line) => line[0] !== ' ');
  const shown: string[] = [];
  lines.forEach((line, i) => {
    if (near(i)) shown.push(line);
    else if (i > 0 && near(i - 1)) shown.push('  ...');
  });
  return shown.at(-1) === '  ...' ? shown.slice(0, -1) : shown;
}
