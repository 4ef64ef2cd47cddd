import { nearest } from '../nearest.ts';
import { filterProblems } from './filters.ts';
import type { MultilineRules } from './multiline.ts';
import type { ElasticsearchConfig } from './outputs.ts';
import { keyPath, type Problem } from './problem.ts';
import { type Config, inputName } from './schema.ts';

/** What holds between keys, beyond the type of each: unique names, outputs that exist, choices that exclude one another. */
export function rules(config: Config): Problem[] {
  const problems: Problem[] = [];
  const outputs = Object.keys(config.outputs);
  if (outputs.length === 0) {
    problems.push({
      path: 'outputs',
      problem: 'no output is given',
      fix: 'Give at least one, e.g. `out: { type: stdout }`.',
    });
  }
  const names = new Map<string, number>();
  config.inputs.forEach((input, i) => {
    const own = inputName(input, i);
    const earlier = names.get(own);
    if (earlier !== undefined) {
      problems.push({
        path: `inputs[${i}].name`,
        problem: `"${own}" is the name of inputs[${earlier}] too`,
        fix: 'Give each input its own.',
      });
    }
    names.set(own, i);
    problems.push(...filterProblems(input.filters, `inputs[${i}].filters`));
    if (typeof input.multiline === 'object') problems.push(...multiline(input.multiline, `inputs[${i}].multiline`));
    input.outputs?.forEach((name, j) => {
      if (outputs.includes(name)) return;
      const meant = nearest(name, outputs);
      const fix = meant ? `Did you mean "${meant}"?` : `Known outputs: ${outputs.join(', ')}.`;
      problems.push({ path: `inputs[${i}].outputs[${j}]`, problem: `there is no output "${name}"`, fix });
    });
  });
  problems.push(...filterProblems(config.filters, 'filters'));
  for (const [name, output] of Object.entries(config.outputs)) {
    const path = keyPath('outputs', name);
    if (!/^[A-Za-z0-9][\w.-]{0,62}$/.test(name)) {
      problems.push({
        path,
        problem: `"${name}" cannot be the name of an output`,
        fix: 'Use up to 63 letters, digits, "-", "_" and ".".',
      });
    }
    if (output.type === 'elasticsearch') problems.push(...elasticsearch(output, path));
  }
  return problems;
}

/** Which expressions make sense together. */
function multiline({ preset, start, continue: goesOn, end }: MultilineRules, path: string): Problem[] {
  if (preset === undefined && start === undefined && goesOn === undefined && end === undefined)
    return [{ path, problem: 'it says nothing of records', fix: 'Give preset, start, continue or end.' }];
  if (end !== undefined && (preset !== undefined || goesOn !== undefined)) {
    const other = preset === undefined ? 'continue' : 'preset';
    const fix = `Remove ${other}, or end: end goes alone or with start.`;
    return [{ path, problem: `${other} and end do not go together`, fix }];
  }
  return [];
}

function elasticsearch(output: ElasticsearchConfig, path: string): Problem[] {
  const problems: Problem[] = [];
  const auth = output.auth;
  if (output.dataStream !== undefined && output.index !== undefined) {
    problems.push({ path, problem: 'both dataStream and index are given', fix: 'Remove one of them.' });
  }
  if (auth) {
    const ways = [auth.apiKey, auth.apiKeyFile, auth.username, auth.bearerFile].filter((way) => way !== undefined);
    if (ways.length !== 1) {
      const problem =
        ways.length === 0 ? 'no way to authenticate is given' : 'more than one way to authenticate is given';
      problems.push({
        path: `${path}.auth`,
        problem,
        fix: 'Give one of apiKey, apiKeyFile, username (with password or passwordFile), bearerFile.',
      });
    }
    const passwords = [auth.password, auth.passwordFile].filter((p) => p !== undefined).length;
    if (passwords !== (auth.username === undefined ? 0 : 1)) {
      problems.push({
        path: `${path}.auth`,
        problem: 'username goes with one of password and passwordFile',
        fix: 'Give both, or neither.',
      });
    }
  }
  const { certFile, keyFile } = output.tls ?? {};
  if ((certFile === undefined) !== (keyFile === undefined)) {
    problems.push({ path: `${path}.tls`, problem: 'certFile and keyFile go together', fix: 'Give both, or neither.' });
  }
  return problems;
}
