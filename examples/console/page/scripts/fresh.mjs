// Fails where the committed bundle is not what the sources build, or is larger than it may be.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";

/** The most bytes of all files together, each compressed by itself. */
const BUDGET = 120 * 1024;

const root = new URL("..", import.meta.url).pathname;
const built = mkdtempSync(join(tmpdir(), "thundra-page-"));

const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

try {
  await build({ root, logLevel: "warn", build: { outDir: built, emptyOutDir: true } });
  const committed = join(root, "dist");
  const names = new Set([...files(built), ...files(committed)]);
  const same = (name) => {
    try {
      return readFileSync(join(built, name)).equals(readFileSync(join(committed, name)));
    } catch {
      return false;
    }
  };
  const stale = [...names].filter((name) => !same(name));
  if (stale.length > 0) {
    console.error(`dist is stale (${stale.join(", ")}): run \`npm run build\` and commit it`);
    process.exitCode = 1;
  }
  const size = files(built).reduce(
    (sum, name) => sum + gzipSync(readFileSync(join(built, name)), { level: 9 }).length,
    0,
  );
  console.log(`${(size / 1024).toFixed(1)} KiB of ${BUDGET / 1024} KiB, compressed`);
  if (size > BUDGET) {
    console.error(`the bundle is ${size - BUDGET} bytes too large`);
    process.exitCode = 1;
  }
} finally {
  rmSync(built, { recursive: true });
}
