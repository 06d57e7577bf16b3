// Builds the tests with Vite and runs them with Node's own runner.

import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";

const root = new URL("..", import.meta.url).pathname;
const built = join(root, "node_modules/.tests");
const tests = readdirSync(join(root, "src"), { recursive: true })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => [name.replaceAll(/[/\\]/g, "-").replace(/\.ts$/, ""), join(root, "src", name)]);

rmSync(built, { recursive: true, force: true });
await build({
  root,
  logLevel: "warn",
  configFile: false,
  build: {
    ssr: true,
    outDir: built,
    rollupOptions: { input: Object.fromEntries(tests), output: { entryFileNames: "[name].mjs" } },
  },
});
const run = spawnSync(process.execPath, ["--test", ...tests.map(([name]) => join(built, `${name}.mjs`))], {
  stdio: "inherit",
});
process.exitCode = run.status ?? 1;
