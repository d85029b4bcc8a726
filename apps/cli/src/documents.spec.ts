/** Every `almanac` command in README and guide exists, with the options that it is shown with. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from './program.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const files = ['README.md', ...readdirSync(join(root, 'docs/guide')).map((name) => `docs/guide/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

/** Words as a shell would split them; comments cut off. */
function words(line: string): string[] {
  return [...line.replace(/\s#\s.*$/, '').matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word);
}

/** Commands of code blocks and inline code: from `almanac` up to a pipe, a redirection or the end. */
function commandsOf(text: string): string[][] {
  const blocks = text.split('\n').filter((line) => /^ {4}\S|^npx /.test(line));
  const inline = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
  return [...blocks, ...inline].flatMap((line) =>
    line
      .split(/\s[|>]\s|&&/)
      .map(words)
      .flatMap((all) => {
        const at = all.findIndex((word) => word === 'almanac');
        return at < 0 || all[at + 1] === undefined || all[at - 1] === 'psql' ? [] : [all.slice(at + 1)];
      }),
  );
}

function unknownIn(program: Command, given: readonly string[]): string | undefined {
  let command = program;
  let rest = [...given];
  for (let next; (next = command.commands.find((child) => child.name() === rest[0] || child.aliases().includes(rest[0] ?? '')));) {
    command = next;
    rest = rest.slice(1);
  }
  if (command === program && rest[0] !== undefined && !rest[0].startsWith('-')) return `no command ${rest[0]}`;
  // `almanac audit --csv` is its default command.
  const shown = command.commands.find(
    (child) => child.name() === (command as unknown as { _defaultCommandName?: string })._defaultCommandName,
  );
  const known = [...command.options, ...(shown?.options ?? []), ...program.options].flatMap(({ long, short }) => [long, short]);
  const strange = rest.find(
    (word) => /^--?[a-z]/i.test(word) && !known.includes(word.split('=')[0]) && word !== '--help' && word !== '--version',
  );
  return strange === undefined ? undefined : `${command.name()} has no ${strange}`;
}

const program = createProgram();

describe.each(files)('%s', (file) => {
  it('shows commands that exist', () => {
    const wrong = commandsOf(readFileSync(join(root, file), 'utf8')).flatMap((words) => {
      const unknown = unknownIn(program, words);
      return unknown ? [`almanac ${words.join(' ')}: ${unknown}`] : [];
    });
    expect(wrong).toEqual([]);
  });
});

it('would notice a command or an option that is not there', () => {
  expect(unknownIn(program, ['uplaod', 'sales.csv'])).toBe('no command uplaod');
  expect(unknownIn(program, ['upload', 'sales.csv', '--data-set', 'sales'])).toBe('upload has no --data-set');
  expect(commandsOf(readFileSync(join(root, 'docs/guide/upload.md'), 'utf8')).length).toBeGreaterThan(5);
});
