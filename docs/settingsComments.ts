import ts from "typescript";

/** Meaning of each setting by dotted path, out of the doc comments of the schemas: the comment is the documentation. */
export function settingsComments(file: string, variable: string): ReadonlyMap<string, string> {
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
  });
  const source = program.getSourceFile(file);
  const root = source?.statements.flatMap(declarations).find((d) => d.name.getText(source) === variable);
  if (!root?.initializer) throw new Error(`${file} declares no ${variable}`);
  const comments = new Map<string, string>();
  walk(program.getTypeChecker(), root.initializer, "", comments);
  return comments;
}

function declarations(statement: ts.Statement): readonly ts.VariableDeclaration[] {
  return ts.isVariableStatement(statement) ? statement.declarationList.declarations : [];
}

/** Follows a schema expression down to the object literals that list its keys. */
function walk(checker: ts.TypeChecker, expression: ts.Expression, path: string, comments: Map<string, string>): void {
  if (ts.isObjectLiteralExpression(expression)) {
    for (const property of expression.properties)
      if (ts.isPropertyAssignment(property)) visit(checker, property, property.initializer, path, comments);
      else if (ts.isShorthandPropertyAssignment(property)) visit(checker, property, property.name, path, comments);
  } else if (ts.isArrayLiteralExpression(expression)) {
    for (const element of expression.elements) walk(checker, element, path, comments);
  } else if (ts.isCallExpression(expression)) {
    walk(checker, expression.expression, path, comments);
    if (!isModifier(expression)) for (const argument of expression.arguments) walk(checker, argument, path, comments);
  } else if (ts.isPropertyAccessExpression(expression)) {
    walk(checker, expression.expression, path, comments);
  } else if (ts.isIdentifier(expression)) {
    const declaration = declarationOf(checker, expression);
    if (declaration) walk(checker, declaration, path, comments);
  } else if (ts.isArrowFunction(expression) && !ts.isBlock(expression.body)) {
    walk(checker, expression.body, path, comments);
  }
}

/** `.default(...)`, `.refine(...)` and their like: what they take is no part of the shape. */
function isModifier(call: ts.CallExpression): boolean {
  return (
    ts.isPropertyAccessExpression(call.expression) && call.expression.expression.getText(call.getSourceFile()) !== "z"
  );
}

function visit(
  checker: ts.TypeChecker,
  property: ts.ObjectLiteralElementLike & { readonly name: ts.PropertyName },
  schema: ts.Expression,
  path: string,
  comments: Map<string, string>,
): void {
  const name = property.name.getText(property.getSourceFile());
  const inner = path === "" ? name : `${path}.${name}`;
  const comment = documentation(property) ?? ownDocumentation(checker, schema);
  if (comment) comments.set(inner, joined(comments.get(inner), comment));
  walk(checker, schema, inner, comments);
}

/** Two variants may give a key of the same name a meaning of their own. */
function joined(known: string | undefined, comment: string): string {
  if (known === undefined) return comment;
  return known.includes(comment) ? known : `${known} ${comment}`;
}

/** The comment of the schema that a key refers to, where the key itself has none. */
function ownDocumentation(checker: ts.TypeChecker, expression: ts.Expression): string | undefined {
  if (ts.isCallExpression(expression) && isModifier(expression) && ts.isPropertyAccessExpression(expression.expression))
    return ownDocumentation(checker, expression.expression.expression);
  const declaration = ts.isIdentifier(expression) ? declarationOf(checker, expression) : undefined;
  const statement = declaration && ts.findAncestor(declaration, ts.isVariableStatement);
  return statement && documentation(statement);
}

function declarationOf(checker: ts.TypeChecker, name: ts.Identifier): ts.Expression | undefined {
  const symbol = ts.isShorthandPropertyAssignment(name.parent)
    ? checker.getShorthandAssignmentValueSymbol(name.parent)
    : checker.getSymbolAtLocation(name);
  const target = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const declaration = target?.valueDeclaration;
  // Zod's own declarations end the walk: only what this project wrote carries meaning.
  if (!declaration || !ts.isVariableDeclaration(declaration) || declaration.getSourceFile().isDeclarationFile)
    return undefined;
  return declaration.initializer;
}

function documentation(node: ts.Node): string | undefined {
  const [first] = ts.getJSDocCommentsAndTags(node);
  const text = first && ts.isJSDoc(first) ? ts.getTextOfJSDocComment(first.comment) : undefined;
  return text?.replaceAll(/\s+/g, " ").trim();
}
