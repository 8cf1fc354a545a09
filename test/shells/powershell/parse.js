// SPDX-License-Identifier: Apache-2.0

// Parses PowerShell on standard input with the grammar that Visual Studio Code uses. Each error is
// a line, and the exit code is 1 if there is one.
const fs = require('fs');
const path = require('path');
const { Parser, Language } = require('@vscode/tree-sitter-wasm');

async function main() {
  await Parser.init();
  const folder = path.dirname(require.resolve('@vscode/tree-sitter-wasm'));
  const parser = new Parser();
  parser.setLanguage(await Language.load(path.join(folder, 'tree-sitter-powershell.wasm')));
  const errors = [];
  const look = (node) => {
    const line = `line ${node.startPosition.row + 1}: `;
    if (node.isMissing) errors.push(line + `${node.type} is missing`);
    if (node.isError) errors.push(line + JSON.stringify(node.text.slice(0, 100)));
    node.children.forEach(look);
  };
  const tree = parser.parse(fs.readFileSync(0, 'utf8'));
  look(tree.rootNode);
  console.log(errors.join('\n') || `${tree.rootNode.descendantCount} nodes`);
  return errors.length ? 1 : 0;
}

main().then(process.exit);
