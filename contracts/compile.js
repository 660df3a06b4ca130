// Compiles src/ into out/NAME.json, one for each contract and interface: its ABI, its bytecode, and the Keccak-256 of every
// source that it is made of. The same sources give the same bytes anywhere. With --check nothing is written, and
// anything that would change is an error. A folder named as argument is compiled instead, with "@ashlar/" for our src/.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const solc = require("solc");

const root = path.resolve(process.argv.slice(2).find((arg) => !arg.startsWith("--")) ?? __dirname);
const settings = {
  optimizer: { enabled: true, runs: 1000000 },
  viaIR: true,
  evmVersion: "osaka",
  metadata: { appendCBOR: false, bytecodeHash: "none" },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "metadata"] } },
};

function sources(folder) {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap((e) => (e.isDirectory() ? sources(`${folder}/${e.name}`) : e.name.endsWith(".sol") ? [`${folder}/${e.name}`] : []))
    .sort();
}

function locate(name) {
  if (name.startsWith("@ashlar/")) return path.join(__dirname, "src", name.slice("@ashlar/".length));
  return name.startsWith("@") ? path.join(__dirname, "node_modules", name) : path.join(root, name);
}

function load(name) {
  try {
    return { contents: fs.readFileSync(locate(name), "utf8") };
  } catch (err) {
    return { error: err.message };
  }
}

function compile() {
  const input = { language: "Solidity", settings, sources: {} };
  for (const name of sources("src")) input.sources[name] = { content: load(name).contents };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: load }));
  for (const e of output.errors ?? []) console.error(e.formattedMessage);
  if ((output.errors ?? []).length > 0) process.exit(1); // warnings too
  return output.contracts;
}

// artifacts returns the text of each file of out/.
function artifacts(contracts) {
  const files = {};
  for (const source of Object.keys(contracts).filter((name) => name.startsWith("src/")).sort()) {
    for (const [name, c] of Object.entries(contracts[source])) {
      if (c.abi.length === 0) continue; // an internal library
      if (files[`${name}.json`]) throw new Error(`two contracts ${name}`);
      const hashes = Object.entries(JSON.parse(c.metadata).sources).map(([file, s]) => [file, s.keccak256]);
      if (c.evm.deployedBytecode.object.length / 2 > 24576) throw new Error(`${name} is larger than a contract may be`);
      const artifact = {
        contract: name,
        solc: solc.version(),
        sources: Object.fromEntries(hashes.sort()),
        abi: c.abi,
        bytecode: "0x" + c.evm.bytecode.object,
      };
      files[`${name}.json`] = JSON.stringify(artifact, null, 1) + "\n";
    }
  }
  return files;
}

function main() {
  const files = artifacts(compile());
  const out = path.join(root, "out");
  const have = fs.existsSync(out) ? fs.readdirSync(out) : [];
  const text = (name) => fs.readFileSync(path.join(out, name), "utf8");
  const stale = [
    ...have.filter((name) => !(name in files)),
    ...Object.keys(files).filter((name) => !have.includes(name) || text(name) !== files[name]),
  ];
  if (process.argv.includes("--check")) {
    if (stale.length === 0) return;
    console.error(`${out} is not what its sources compile to: ${stale.join(", ")}. Run "make contracts" and commit.`);
    process.exit(1);
  }
  fs.mkdirSync(out, { recursive: true });
  for (const name of stale) {
    if (name in files) fs.writeFileSync(path.join(out, name), files[name]);
    else fs.rmSync(path.join(out, name));
  }
}

main();
