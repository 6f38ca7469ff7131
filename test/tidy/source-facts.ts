import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'ts6';

/** What tidy needs to know of one file. */
export interface SourceFacts {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  /** What it imports or re-exports, by relative path, resolved. */
  readonly imports: readonly string[];
  /** Names it exports itself. */
  readonly exports: readonly string[];
  /** Uses of the clock, randomness, timers and environment of the process. */
  readonly ambient: readonly string[];
  /** Ids such as `A2` that a header promises or an `invariant` call asserts. */
  readonly invariants: readonly string[];
  /** First arguments of `test`, `it`, `describe`. */
  readonly titles: readonly string[];
}

export const root: string = join(import.meta.dirname, '../..');

export function sources(folder: string): SourceFacts[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => facts(posix.join(folder, path.replaceAll('\\', '/')), readFileSync(join(root, folder, path), 'utf8')))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function facts(path: string, text: string): SourceFacts {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const found = {
    path,
    text,
    imports: [] as string[],
    exports: [] as string[],
    ambient: [] as string[],
    invariants: headerInvariants(text),
    titles: [] as string[],
  };
  const visit = (node: ts.Node): void => {
    const specifier = importedFrom(node);
    if (specifier?.startsWith('.')) found.imports.push(posix.normalize(posix.join(posix.dirname(path), specifier)));
    const ambient = ambientUse(node);
    if (ambient !== undefined) found.ambient.push(ambient);
    if (ts.isCallExpression(node)) {
      found.invariants.push(...assertedInvariant(node));
      found.titles.push(...title(node));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  for (const statement of file.statements) found.exports.push(...exportedNames(statement));
  return found;
}

function importedFrom(node: ts.Node): string | undefined {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined)
    return stringOf(node.moduleSpecifier);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return stringOf(node.arguments[0]);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return stringOf(node.argument.literal);
  return undefined;
}

const stringOf = (node: ts.Node | undefined): string | undefined =>
  node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;

const ambientMembers = new Set([
  'Date.now',
  'Math.random',
  'process.env',
  'process.hrtime',
  'performance.now',
  'crypto.randomUUID',
  'crypto.getRandomValues',
]);
const ambientCalls = new Set(['setTimeout', 'setInterval', 'setImmediate', 'randomUUID', 'randomBytes']);

function ambientUse(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const text = node.getText();
    return ambientMembers.has(text) ? text : undefined;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments ?? []).length === 0)
    return 'new Date()';
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && ambientCalls.has(node.expression.text))
    return `${node.expression.text}()`;
  return undefined;
}

const invariantId = /\b[A-Z]{1,2}\d{1,2}\b/g;

/** The ids after `Invariants:` in a comment, up to its end. */
function headerInvariants(text: string): string[] {
  return [...text.matchAll(/Invariants?:([\s\S]*?)\*\//g)].flatMap(([, promise]) => promise?.match(invariantId) ?? []);
}

function assertedInvariant(call: ts.CallExpression): string[] {
  if (call.expression.getText() !== 'invariant') return [];
  return /^['"`]([A-Z]{1,2}\d{1,2}):/.exec(call.arguments[1]?.getText() ?? '')?.slice(1) ?? [];
}

function title(call: ts.CallExpression): string[] {
  const callee = call.expression.getText();
  return /^(test|it|describe)\b/.test(callee) && call.arguments[0] !== undefined ? [call.arguments[0].getText()] : [];
}

function exportedNames(statement: ts.Statement): string[] {
  const exported =
    ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
  if (exported !== true) return [];
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText());
  const { name } = statement as ts.FunctionDeclaration | ts.ClassDeclaration;
  return name === undefined ? [] : [name.text];
}
